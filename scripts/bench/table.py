"""Measures servers in rounds, and prints a table of medians and of the ratios of ours to each peer."""

import statistics


def order_of(servers, number):
    """The order of a round (Williams, 1949): over all rounds, each server follows each other server equally often.

    Otherwise one server would always suffer from the caches and the processor budget that the same other one used up.
    """
    count = len(servers)
    zigzag = [(step + 1) // 2 if step % 2 else count - step // 2 for step in range(count)]
    order = [servers[(place + number) % count] for place in zigzag]
    return order[::-1] if number // count % 2 else order


class Table:
    """The measured values: one per server, quantity and round."""

    def __init__(self, title):
        self.title = title
        self.values = {}  # server -> quantity -> values

    def add(self, server, **quantities):
        kept = self.values.setdefault(server, {})
        for quantity, value in quantities.items():
            kept.setdefault(quantity, []).append(value)

    def in_turns(self, servers, rounds, measure):
        """Measures every server once per round, in a different order each time."""
        self.values = {server.name: {} for server in servers}  # also decides the order of the rows
        for number in range(rounds):
            for server in order_of(servers, number):
                self.add(server.name, **measure(server))

    def median(self, server, quantity):
        values = [value for value in self.values[server].get(quantity, []) if value is not None]
        return statistics.median(values) if values else None

    def ratio(self, ours, peer, quantity):
        """The ratio of the medians, and the lowest and highest ratio of a round."""
        mine, theirs = self.median(ours, quantity), self.median(peer, quantity)
        if not mine or not theirs:
            return None
        pairs = zip(self.values[ours][quantity], self.values[peer][quantity])
        rounds = sorted(a / b for a, b in pairs if a and b)
        return mine / theirs, rounds[0], rounds[-1]

    def show(self, columns, ours_for):
        """Prints the table. `columns`: (quantity, heading, decimals, has a ratio). `ours_for`: peer -> ours."""
        width = max(map(len, [self.title, *self.values])) + 2

        def space(heading):
            return max(14, len(heading) + 2)

        line = self.title.ljust(width)
        for _, heading, _, ratio in columns:
            line += f"{heading:>{space(heading)}}" + (f"{'ours/peer':>22}" if ratio else "")
        print("\n" + line)
        for server in self.values:
            line = server.ljust(width)
            for quantity, heading, decimals, ratio in columns:
                median = self.median(server, quantity)
                line += f"{'unknown' if median is None else f'{median:,.{decimals}f}':>{space(heading)}}"
                if ratio:
                    ours = ours_for(server)
                    found = self.ratio(ours, server, quantity) if ours != server else None
                    line += f"{found[0]:8.2f} ({found[1]:.2f}–{found[2]:.2f})".rjust(22) if found else " " * 22
            print(line.rstrip())

    def as_json(self):
        return {"what": self.title, "servers": self.values}
