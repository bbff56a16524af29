#!/usr/bin/env python3
"""Compares labcapture with tshark, frame by frame and field by field.

usage: compare.py LABCAPTURE CAPTURE...

Compares addresses, ports, lengths, flags, checksums and their status, raw and relative sequence numbers, header lengths,
windows, MSS, stream numbers, the round-trip time of each handshake, and the ports that tshark misreads. For captures
with an answer to a lab's questions, also checks that each filter shows exactly the frames of the answer. Prints the
differences, and exits with status 1 if there are any.
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

FIELDS = """frame.number frame.time_epoch ip.src ip.dst ipv6.src ipv6.dst ip.hdr_len
udp.srcport udp.dstport udp.length udp.checksum udp.checksum.status udp.stream
tcp.srcport tcp.dstport tcp.flags tcp.seq tcp.seq_raw tcp.ack tcp.ack_raw tcp.hdr_len tcp.checksum tcp.checksum.status
tcp.stream tcp.len tcp.window_size_value tcp.options.mss_val tcp.analysis.initial_rtt icmp.type icmpv6.type frame.protocols""".split()

STATUS = {"wrong": "0", "partial": "0", "right": "1", "unknown": "2", "absent": "3"}


def wireshark(capture):
    command = ["tshark", "-n", "-r", capture, "-T", "fields", "-E", "occurrence=f", "-E", "separator=|"]
    command += ["-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
    command += [word for field in FIELDS for word in ("-e", field)]
    text = subprocess.run(command, capture_output=True, text=True).stdout
    rows = [dict(zip(FIELDS, line.split("|"))) for line in text.splitlines()]
    # For an ICMP error, tshark shows the ports of the packet that it quotes.
    return {int(row["frame.number"]): row for row in rows if not row["icmp.type"] and not row["icmpv6.type"]}


def joined(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def differences(labcapture, capture):
    theirs = wireshark(capture)
    output = subprocess.run([labcapture, "--json", capture], capture_output=True, text=True).stdout
    ours = json.loads(output)
    seen, found, compared = set(), [], 0
    for conversation in ours["conversations"]:
        protocol = conversation["protocol"]
        rtt = None
        for packet in conversation["packets"]:
            frame = packet["frame"]
            seen.add(frame)
            row = theirs.get(frame)
            if row is None:
                found.append(f"{capture}: frame {frame}: tshark sees no packet")
                continue
            client, server = conversation["client"], conversation["server"]
            source, destination = (client, server) if packet["from"] == "client" else (server, client)
            pairs = {
                "source": (source, joined(row["ip.src"] or row["ipv6.src"], row[f"{protocol}.srcport"])),
                "destination": (destination, joined(row["ip.dst"] or row["ipv6.dst"], row[f"{protocol}.dstport"])),
                "stream": (conversation["wireshark_stream"], row[f"{protocol}.stream"]),
                "checksum": (packet["checksum"], row[f"{protocol}.checksum"]),
                "status": (STATUS[packet["checksum_status"]], row[f"{protocol}.checksum.status"]),
            }
            seconds, _, fraction = row["frame.time_epoch"].partition(".")
            if seconds:
                pairs["time"] = (packet["time_ns"], int(seconds) * 10**9 + int(fraction.ljust(9, "0")))
            if row["ip.hdr_len"]:
                pairs["IP header"] = (packet["ip_header_length"], row["ip.hdr_len"])
            if protocol == "udp":
                pairs["length"] = (packet["udp_length"], row["udp.length"])
            else:
                pairs |= {
                    "flags": (packet["flags_value"], int(row["tcp.flags"], 16)),
                    "relative sequence": (packet["sequence"], row["tcp.seq"]),
                    "raw sequence": (packet["sequence_raw"], row["tcp.seq_raw"]),
                    "raw acknowledgment": (packet["acknowledgment_raw"], row["tcp.ack_raw"]),
                    "header": (packet["header_length"], row["tcp.hdr_len"]),
                    "text": (packet["text_length"], row["tcp.len"]),
                    "window": (packet["window"], row["tcp.window_size_value"]),
                    "MSS": (packet["mss"] or "", row["tcp.options.mss_val"]),
                }
                if packet["acknowledgment"] is not None:
                    pairs["relative acknowledgment"] = (packet["acknowledgment"], row["tcp.ack"])
                rtt = rtt or row["tcp.analysis.initial_rtt"]
            compared += len(pairs)
            for name, (our, their) in pairs.items():
                if str(our) != str(their):
                    found.append(f"{capture}: frame {frame}: {name}: labcapture {our}, tshark {their}")
        # tshark does not follow connections whose frames are truncated.
        if protocol == "tcp" and not Path(capture).stem.startswith("snapped"):
            ours_ns = conversation["handshake"]["initial_rtt_ns"]
            theirs_ns = int(rtt.replace(".", "")) if rtt else None
            compared += 1
            if ours_ns != theirs_ns:
                frame = conversation["first_frame"]
                found.append(f"{capture}: handshake from frame {frame}: RTT: labcapture {ours_ns}, tshark {theirs_ns}")
    for frame, row in theirs.items():
        if frame not in seen and (row["udp.srcport"] or row["tcp.srcport"]):
            found.append(f"{capture}: frame {frame}: labcapture sees no packet")
    # Ports whose text Wireshark shows as another protocol (LLC).
    misread = {row[f"udp.{end}port"] for row in theirs.values() if ":udp:llc" in row["frame.protocols"] for end in ("src", "dst")}
    named = [pitfall["sentence"] for pitfall in ours["pitfalls"] if pitfall["name"] == "misread-port"]
    if any(not any(f"port {port} " in sentence for port in misread) for sentence in named) or bool(misread) != bool(named):
        found.append(f"{capture}: tshark misreads ports {sorted(misread)}, labcapture says: {named}")
    kind = Counter(kind for conversation in ours["conversations"] for kind in kinds(conversation))
    return len(ours["conversations"]), len(seen), compared, found, kind


def kinds(conversation):
    """Returns the kinds of conversation that this is an example of."""
    packets = conversation["packets"]
    close = conversation["close"]
    found = {conversation["protocol"] + ("6" if "[" in conversation["client"] else "4")}
    if conversation["refusals"]:
        found.add("port unreachable")
    if conversation["protocol"] == "tcp":
        found.add(close["kind"] + (f" in {len(close['frames'])}" if close["kind"] == "complete" else ""))
        fins = [packet for packet in packets if "FIN" in packet["flags"]]
        if fins and any(p["text_length"] and p["from"] != fins[0]["from"] and p["frame"] > fins[0]["frame"] for p in packets):
            found.add("half-closed")
        if conversation["handshake"]["syn"] is None:
            found.add("no SYN")
    if any(packet.get("repeat") == "retransmission" for packet in packets):
        found.add("retransmission")
    if conversation["http"]:
        found.add("HTTP")
    return found


def labs_of(capture):
    """Returns the labs whose questions a capture answers, according to its name."""
    name = Path(capture).stem
    if name.startswith("lab-"):
        return [name.removeprefix("lab-")]
    named = {"connections": ["tcp-echo", "tcp-threaded"], "odd": ["tcp-echo"], "resets": ["tcp-echo", "http-file-server"], "http": ["http-file-server"], "http-unused": ["http-file-server"], "link-sll2": ["rtt-client"]}
    no_answer = ["udp-echo", "tcp-echo", "tcp-threaded", "rtt-client", "http-file-server"]
    named |= {name: no_answer for name in ("no-host", "no-host-mixed", "refused-only", "case-no-host", "case-wrong-port", "case-duplicate", "case-loss")}
    live = {"all": ["udp-echo", "tcp-echo", "rtt-client", "http-file-server"], "lost": ["tcp-echo"]}
    return (named | live).get(name, [])


def filters(labcapture, capture, lab):
    output = subprocess.run([labcapture, "--json", "--lab", lab, capture], capture_output=True, text=True).stdout
    ours = json.loads(output)
    left_out = any(conversation["packets_left_out"] for conversation in ours["conversations"])
    for question in ours["questions"]:
        if question["filter"] and not left_out:
            command = ["tshark", "-n", "-r", capture, "-Y", question["filter"], "-T", "fields", "-e", "frame.number"]
            shown = [int(line) for line in subprocess.run(command, capture_output=True, text=True).stdout.split()]
            if shown != question["frames"]:
                yield f"{capture}: {lab}: question {question['number']}: `{question['filter']}` shows {shown}, not {question['frames']}"


def main():
    conversations = packets = fields = 0
    seen = Counter()
    failed = False
    for capture in sys.argv[2:]:
        result = differences(sys.argv[1], capture)
        conversations, packets, fields = conversations + result[0], packets + result[1], fields + result[2]
        seen += result[4]
        wrong = result[3]
        for lab in labs_of(capture):
            wrong += filters(sys.argv[1], capture, lab)
        for line in wrong[:20]:
            print(line)
        failed |= bool(wrong)
    print(", ".join(f"{kind}: {number}" for kind, number in sorted(seen.items())))
    print(f"{len(sys.argv) - 2} captures, {conversations} conversations, {packets} packets, {fields} fields compared")
    sys.exit(failed)


main()
