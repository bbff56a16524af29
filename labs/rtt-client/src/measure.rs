//! Who sends when: the schedule of a run, and the loop that keeps it.

use crate::clock::{Clock, nanoseconds};
use crate::event::{Event, What};
use crate::exchange::{Lane, Socket};
use crate::plan::{Plan, Protocol};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A wait as long as this begins with a plain call to receive. Its timeout is rough, so the rest is left to `poll`,
/// which is exact, but costs one more system call per exchange: about 1 µs. Not on Windows, where a read timeout may
/// take half a second longer than it says.
const PLAIN_WAIT_NS_MIN: u64 = if cfg!(windows) { u64::MAX } else { 50_000_000 };

/// How often a wait is interrupted to see whether the run was stopped.
const STOP_CHECK: Duration = Duration::from_millis(100);

/// How long the run listens on, at least, for replies whose timeout has passed.
const LATE_WAIT_NS_MIN: u64 = 1_000_000_000;

/// How long the run listens on, at least, for second copies of replies.
const DUPLICATE_WAIT_NS_MIN: u64 = 500_000_000;

/// How long the run listens on, at most, when it was stopped.
const STOPPED_WAIT_NS_MAX: u64 = 1_000_000_000;

/// Carries out `plan` over one or two lanes, and tells what happens. A `stop` ends the sending.
///
/// UDP requests leave on schedule, whether earlier ones are answered or not. Over TCP the next one waits for the reply
/// to the one before, or its timeout, as most programs do; it is then behind its schedule, and the books show that.
/// After the last request the run listens on for late replies and second copies: for as long as the longest round trip
/// took and more, but at least 0.5 s over UDP, and 1 s beyond the timeout while replies are missing. When it was
/// stopped, it listens for 1 s at most.
///
/// With two lanes, each has its requests half an interval after the other's. Without an interval they take turns.
pub fn measure(
    lanes: &mut [Lane],
    plan: &Plan,
    clock: &Clock,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(Event),
) {
    let (begin_ns, timeout_ns) = (clock.now_ns(), nanoseconds(plan.timeout));
    let mut latest_end_ns = u64::MAX;
    loop {
        let now_ns = clock.now_ns();
        tell_overdue(lanes, now_ns, tell);
        if latest_end_ns == u64::MAX && stop.load(Ordering::Relaxed) {
            latest_end_ns = now_ns + STOPPED_WAIT_NS_MAX;
        }
        let next = |lanes: &[Lane]| {
            let stopped = stop.load(Ordering::Relaxed);
            if stopped { None } else { next_turn(lanes, plan, begin_ns) }
        };
        let mut turn = next(lanes);
        if let Some(Turn { sequence, lane, .. }) = turn.take_if(|turn| turn.due_ns <= now_ns) {
            let due_ns =
                (!plan.interval.is_zero()).then(|| slot(sequence, lane, lanes.len(), plan, begin_ns));
            lanes[lane].send(due_ns, clock, tell);
            if plan.interval.is_zero() && timeout_ns >= PLAIN_WAIT_NS_MIN {
                // Nothing is due before this reply: straight on to the call that receives it.
                lanes[lane].receive(clock, tell);
                continue;
            }
            turn = next(lanes);
        }
        let end_ns =
            lanes.iter().map(|lane| listens_until(lane, timeout_ns)).max().unwrap_or(0).min(latest_end_ns);
        match turn {
            Some(turn) => receive_until(lanes, turn.due_ns, clock, tell),
            None if now_ns < end_ns => receive_until(lanes, end_ns, clock, tell),
            None => break,
        }
    }
    let end_ns = clock.now_ns();
    for lane in lanes {
        if lane.ledger.is_complete() && lane.ledger.next_sequence() > plan.warm_up + plan.count {
            lane.ended_by = None; // closed after the last reply, while the other lane went on
        }
        if lane.ended_by.is_none() {
            lane.unfinished = lane.ledger.awaited(plan.warm_up as usize, end_ns);
        }
    }
}

/// Tells which requests have been without a reply for longer than the timeout.
fn tell_overdue(lanes: &mut [Lane], now_ns: u64, tell: &mut dyn FnMut(Event)) {
    for lane in lanes {
        while let Some(sequence) = lane.ledger.overdue(now_ns) {
            if let Some(&exchange) = lane.ledger.exchange(sequence) {
                let what = What::Overdue { sequence, exchange };
                tell(Event { protocol: lane.protocol, at_ns: now_ns, what });
            }
        }
    }
}

/// A request that is to be sent.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    due_ns: u64,
    sequence: u32,
    lane: usize,
}

/// Which lane sends next, and when.
fn next_turn(lanes: &[Lane], plan: &Plan, begin_ns: u64) -> Option<Turn> {
    let open = lanes.iter().enumerate().filter(|(_, lane)| lane.ended_by.is_none());
    let turns = open.map(|(at, lane)| {
        let sequence = lane.ledger.next_sequence();
        let (due_ns, awaited_until) = if plan.interval.is_zero() {
            (0, lanes.iter().filter_map(|lane| lane.ledger.awaited_until()).max())
        } else {
            let awaited_until = lane.ledger.awaited_until().filter(|_| lane.protocol == Protocol::Tcp);
            (slot(sequence, at, lanes.len(), plan, begin_ns), awaited_until)
        };
        Turn { due_ns: due_ns.max(awaited_until.unwrap_or(0)), sequence, lane: at }
    });
    turns.filter(|turn| turn.sequence <= plan.warm_up + plan.count).min()
}

/// The time that the schedule has for a request: the lanes share each interval evenly.
fn slot(sequence: u32, lane: usize, lanes: usize, plan: &Plan, begin_ns: u64) -> u64 {
    let interval_ns = nanoseconds(plan.interval);
    let offset_ns = interval_ns / lanes as u64 * lane as u64;
    // The last of many days-long intervals may lie beyond what 64 bits count: it is due never.
    interval_ns.saturating_mul(u64::from(sequence - 1)).saturating_add(begin_ns + offset_ns)
}

/// When the run need no longer listen to `lane`, once the last request is sent.
fn listens_until(lane: &Lane, timeout_ns: u64) -> u64 {
    let (Some(last), None) = (lane.ledger.exchanges().last(), &lane.ended_by) else { return 0 };
    let longest_ns = lane.ledger.rtt_max_ns();
    if !lane.ledger.is_complete() {
        return last.sent_ns + (timeout_ns + timeout_ns.max(LATE_WAIT_NS_MIN)).max(2 * longest_ns);
    }
    match lane.protocol {
        // A stream brings nothing twice.
        Protocol::Tcp => 0,
        Protocol::Udp => last.sent_ns + longest_ns + longest_ns.max(DUPLICATE_WAIT_NS_MIN),
    }
}

/// Waits for the next replies, at most until `until_ns`, and receives them.
fn receive_until(lanes: &mut [Lane], until_ns: u64, clock: &Clock, tell: &mut dyn FnMut(Event)) {
    let left_ns = until_ns.saturating_sub(clock.now_ns());
    let mut open = lanes.iter_mut().filter(|lane| lane.ended_by.is_none());
    match (open.next(), open.next()) {
        (Some(lane), None) => {
            if left_ns >= PLAIN_WAIT_NS_MIN || readable([lane], left_ns) == [true] {
                lane.receive(clock, tell);
            }
        }
        (Some(first), Some(second)) => {
            let ready = readable([first, second], left_ns);
            for (lane, ready) in [first, second].into_iter().zip(ready) {
                if ready {
                    lane.receive(clock, tell);
                }
            }
        }
        (None, _) => {}
    }
}

/// Waits until one of the sockets has something to receive, at most for `left_ns`, and tells which have.
fn readable<const N: usize>(lanes: [&Lane; N], left_ns: u64) -> [bool; N] {
    let mut sockets = lanes.map(|lane| match &lane.socket {
        Socket::Udp(socket) => PollFd::new(socket, PollFlags::IN),
        Socket::Tcp(stream) => PollFd::new(stream, PollFlags::IN),
    });
    let wait = Timespec::try_from(Duration::from_nanos(left_ns).min(STOP_CHECK));
    // A signal may interrupt the wait: then nothing is ready, and the caller looks at the clock again.
    match wait.map(|wait| poll(&mut sockets, Some(&wait))) {
        Ok(Ok(_)) => sockets.map(|socket| !socket.revents().is_empty()),
        _ => [false; N],
    }
}
