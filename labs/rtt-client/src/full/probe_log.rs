//! The log of the requests that were sent over one protocol, and of their replies.

use std::collections::TryReserveError;

/// One request and its reply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exchange {
    /// When the request was due, in nanoseconds since the run began.
    pub due_ns: u64,
    /// When it was sent.
    pub sent_ns: u64,
    /// When its reply was received, the first one if there were several.
    pub received_ns: Option<u64>,
    /// How many replies arrived.
    pub copies: u32,
    /// The reply arrived after the reply to a later request (RFC 4737, section 3.3).
    pub reordered: bool,
}

impl Exchange {
    /// The round-trip time: from sending the request to receiving its reply.
    pub fn rtt_ns(&self) -> Option<u64> {
        Some(self.received_ns?.saturating_sub(self.sent_ns))
    }

    /// The time from when the request was due to its reply: the wait of a user who acts on schedule.
    pub fn due_rtt_ns(&self) -> Option<u64> {
        Some(self.received_ns?.saturating_sub(self.due_ns))
    }
}

/// What has arrived.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrival {
    /// The first reply to its request.
    Reply,
    /// A further reply to a request that has one.
    Duplicate,
    /// Something that answers no request of this run.
    Garbage,
}

/// The exchanges of one protocol, in the order of sending.
///
/// Requests have the numbers 1, 2, 3, …. A reply is matched to its request by number, whenever it arrives. It can be
/// late, but it can't be mistaken for the reply to another request.
pub struct ProbeLog {
    exchanges: Vec<Exchange>,
    /// The numbers of the answered requests, in the order of their first replies.
    answered: Vec<u32>,
    garbage: u64,
    timeout_ns: u64,
    /// The number of requests, from the first on, that are answered or were reported as overdue.
    settled: usize,
    highest_answered: u32,
    rtt_max_ns: u64,
}

impl ProbeLog {
    /// Makes a log with room for `count` exchanges, so that nothing is allocated while they are timed.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn new(count: u32, timeout_ns: u64) -> Result<ProbeLog, TryReserveError> {
        let (mut exchanges, mut answered) = (Vec::new(), Vec::new());
        exchanges.try_reserve_exact(count as usize)?;
        answered.try_reserve_exact(count as usize)?;
        Ok(ProbeLog {
            exchanges,
            answered,
            garbage: 0,
            timeout_ns,
            settled: 0,
            highest_answered: 0,
            rtt_max_ns: 0,
        })
    }

    /// Returns the number of the next request.
    pub fn next_sequence(&self) -> u32 {
        // The plan counts exchanges in u32.
        u32::try_from(self.exchanges.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Adds a request that has just been sent.
    pub fn add_request(&mut self, due_ns: u64, sent_ns: u64) {
        self.exchanges.push(Exchange { due_ns, sent_ns, received_ns: None, copies: 0, reordered: false });
    }

    /// Adds a reply to request `sequence`, and returns what kind of reply it is.
    pub fn add_reply(&mut self, sequence: u32, at_ns: u64) -> Arrival {
        let Some(exchange) = (sequence as usize).checked_sub(1).and_then(|at| self.exchanges.get_mut(at))
        else {
            self.garbage += 1;
            return Arrival::Garbage;
        };
        exchange.copies += 1;
        if exchange.received_ns.is_some() {
            return Arrival::Duplicate;
        }
        exchange.received_ns = Some(at_ns);
        exchange.reordered = sequence < self.highest_answered;
        self.highest_answered = self.highest_answered.max(sequence);
        self.rtt_max_ns = self.rtt_max_ns.max(at_ns.saturating_sub(exchange.sent_ns));
        self.answered.push(sequence);
        Arrival::Reply
    }

    /// Returns the number of the next request whose timeout has passed without a reply. Each is returned once.
    pub fn next_overdue(&mut self, now_ns: u64) -> Option<u32> {
        while let Some(exchange) = self.exchanges.get(self.settled) {
            if exchange.received_ns.is_none() {
                if now_ns <= exchange.sent_ns + self.timeout_ns {
                    return None;
                }
                self.settled += 1;
                return u32::try_from(self.settled).ok();
            }
            self.settled += 1;
        }
        None
    }

    /// Returns until when the latest request may still get its reply in time. `None`: it has one, or nothing was sent.
    pub fn awaited_until(&self) -> Option<u64> {
        let last = self.exchanges.last()?;
        last.received_ns.is_none().then_some(last.sent_ns + self.timeout_ns)
    }

    /// Counts the requests after the first `warm_up` ones that may still get their reply in time.
    pub fn count_awaited(&self, warm_up: usize, now_ns: u64) -> u64 {
        let is_awaited = |exchange: &&Exchange| {
            exchange.received_ns.is_none() && now_ns <= exchange.sent_ns.saturating_add(self.timeout_ns)
        };
        self.exchanges.iter().skip(warm_up).filter(is_awaited).count() as u64
    }

    /// Returns exchange `sequence`.
    pub fn exchange(&self, sequence: u32) -> Option<&Exchange> {
        self.exchanges.get((sequence as usize).checked_sub(1)?)
    }

    /// Returns all exchanges, in the order of sending.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// Returns the numbers of the requests that have a reply, in the order of their first replies.
    pub fn arrival_order(&self) -> &[u32] {
        &self.answered
    }

    /// True when every request has a reply.
    pub fn is_complete(&self) -> bool {
        self.answered.len() == self.exchanges.len()
    }

    /// Returns the longest round trip so far.
    pub fn rtt_max_ns(&self) -> u64 {
        self.rtt_max_ns
    }

    /// True when the reply arrived after the timeout.
    pub fn is_late(&self, exchange: &Exchange) -> bool {
        exchange.rtt_ns().is_some_and(|rtt_ns| rtt_ns > self.timeout_ns)
    }

    /// Counts the exchanges after the first `warm_up` ones.
    pub fn tally(&self, warm_up: usize) -> Tally {
        let mut tally = Tally { garbage: self.garbage, ..Tally::default() };
        for exchange in self.exchanges.iter().skip(warm_up) {
            tally.sent += 1;
            match exchange.received_ns {
                None => tally.lost += 1,
                Some(_) => tally.received += 1,
            }
            tally.late += u64::from(self.is_late(exchange));
            tally.duplicated += u64::from(exchange.copies.saturating_sub(1));
            tally.reordered += u64::from(exchange.reordered);
        }
        tally
    }
}

/// Counts of exchanges by their outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Requests sent: the received and the lost ones.
    pub sent: u64,
    /// Requests that got a reply, including late ones.
    pub received: u64,
    /// Requests whose reply arrived after the timeout.
    pub late: u64,
    /// Requests without a reply.
    pub lost: u64,
    /// Replies beyond the first to the same request.
    pub duplicated: u64,
    /// Requests whose first reply arrived after the reply to a later request.
    pub reordered: u64,
    /// Datagrams or lines that answered no request of this run.
    pub garbage: u64,
}

#[cfg(test)]
mod tests {
    use super::{Arrival, ProbeLog, Tally};

    /// Sends one request every 10 ns with a timeout of 100 ns, then receives `arrivals`.
    fn log(sent: u64, arrivals: &[(u32, u64)]) -> ProbeLog {
        let mut log = ProbeLog::new(4, 100).unwrap();
        for number in 0..sent {
            log.add_request(number * 10, number * 10);
        }
        for &(sequence, at_ns) in arrivals {
            log.add_reply(sequence, at_ns);
        }
        log
    }

    #[track_caller]
    fn check(sent: u64, arrivals: &[(u32, u64)], expected: Tally) {
        assert_eq!(log(sent, arrivals).tally(0), expected);
    }

    #[test]
    fn counts_replies_and_losses() {
        check(3, &[(1, 5), (3, 25)], Tally { sent: 3, received: 2, lost: 1, ..Tally::default() });
        check(0, &[], Tally::default());
    }

    #[test]
    fn counts_a_late_reply_as_received() {
        let on_time = Tally { sent: 1, received: 1, ..Tally::default() };
        check(1, &[(1, 100)], on_time);
        check(1, &[(1, 101)], Tally { late: 1, ..on_time });
    }

    #[test]
    fn counts_each_copy_after_the_first() {
        let expected = Tally { sent: 2, received: 2, duplicated: 2, ..Tally::default() };
        check(2, &[(1, 11), (1, 12), (2, 13), (1, 14)], expected);
    }

    #[test]
    fn counts_a_reply_after_a_later_one_as_reordered() {
        let expected = Tally { sent: 4, received: 4, reordered: 2, ..Tally::default() };
        check(4, &[(1, 50), (4, 51), (2, 52), (3, 53)], expected);
        // One swap counts as one reordered reply. A copy counts as a duplicate only.
        let expected = Tally { sent: 2, received: 2, reordered: 1, duplicated: 1, ..Tally::default() };
        check(2, &[(2, 50), (1, 51), (1, 52)], expected);
    }

    #[test]
    fn knows_a_number_that_was_never_sent() {
        check(1, &[(0, 5), (2, 6)], Tally { sent: 1, lost: 1, garbage: 2, ..Tally::default() });
        assert_eq!(log(1, &[]).add_reply(2, 5), Arrival::Garbage);
    }

    #[test]
    fn leaves_out_the_warm_up() {
        let log = log(3, &[(2, 15), (3, 25), (1, 500), (1, 501)]);
        assert_eq!(log.tally(1), Tally { sent: 2, received: 2, ..Tally::default() });
    }

    #[test]
    fn reports_each_overdue_request_once() {
        let mut log = log(3, &[(2, 15)]);
        assert_eq!(log.next_overdue(100), None);
        assert_eq!((log.next_overdue(101), log.next_overdue(101)), (Some(1), None));
        assert_eq!((log.next_overdue(1000), log.next_overdue(1000)), (Some(3), None));
        // Its reply may still arrive. It then counts as late, not as lost or as a duplicate.
        assert_eq!(log.add_reply(1, 2000), Arrival::Reply);
        assert_eq!(log.tally(0).late, 1);
    }

    #[test]
    fn awaits_the_latest_request_only() {
        let mut log = log(2, &[]);
        assert_eq!(log.awaited_until(), Some(110));
        log.add_reply(2, 15);
        assert_eq!(log.awaited_until(), None);
        assert!(!log.is_complete());
        assert_eq!(
            (log.count_awaited(0, 100), log.count_awaited(0, 101), log.count_awaited(1, 100)),
            (1, 0, 0)
        );
    }
}
