//! The schedule of a run, and the loop that keeps to it.

use crate::clock::{Clock, nanoseconds};
use crate::event::{Event, EventKind};
use crate::plan::{Plan, Protocol};
use crate::prober::{Prober, Socket};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// A wait of at least this length begins with a plain call to receive. Its timeout is rough, so `poll` does the rest.
/// `poll` is exact, but costs one more system call per exchange, about 1 µs. On Windows a read timeout may take half a
/// second too long, so it is not used there.
const PLAIN_WAIT_NS_MIN: u64 = if cfg!(windows) { u64::MAX } else { 50_000_000 };

/// How often a wait is interrupted to see whether the run was stopped.
const STOP_CHECK: Duration = Duration::from_millis(100);

/// How long the run keeps listening, at least, for replies whose timeout has passed.
const LATE_WAIT_NS_MIN: u64 = 1_000_000_000;

/// How long the run keeps listening, at least, for duplicates of replies.
const DUPLICATE_WAIT_NS_MIN: u64 = 500_000_000;

/// How long the run keeps listening, at most, after it was stopped.
const STOPPED_WAIT_NS_MAX: u64 = 1_000_000_000;

/// Carries out `plan` with one or two probers, and reports events. Once `stop` is set, it sends nothing more.
///
/// UDP requests leave on schedule, whether earlier ones are answered or not. Over TCP the next request waits for the
/// reply to the one before, or for its timeout, as in most programs. It then leaves behind its schedule, and the log
/// shows that. After the last request the run keeps listening for late replies and duplicates: for as long as the
/// longest round trip took and more, but at least 0.5 s over UDP, and 1 s beyond the timeout while replies are missing.
/// After it was stopped, it listens for 1 s at most.
///
/// With two probers, the requests of one leave half an interval after those of the other. Without an interval they take
/// turns.
pub fn measure(
    probers: &mut [Prober],
    plan: &Plan,
    clock: &Clock,
    stop: &AtomicBool,
    on_event: &mut dyn FnMut(Event),
) {
    let (begin_ns, timeout_ns) = (clock.now_ns(), nanoseconds(plan.timeout));
    let mut latest_end_ns = u64::MAX;
    loop {
        let now_ns = clock.now_ns();
        report_overdue(probers, now_ns, on_event);
        if latest_end_ns == u64::MAX && stop.load(Ordering::Relaxed) {
            latest_end_ns = now_ns + STOPPED_WAIT_NS_MAX;
        }
        let next = |probers: &[Prober]| {
            let stopped = stop.load(Ordering::Relaxed);
            if stopped { None } else { next_turn(probers, plan, begin_ns) }
        };
        let mut turn = next(probers);
        if let Some(Turn { sequence, prober, .. }) = turn.take_if(|turn| turn.due_ns <= now_ns) {
            let due_ns = (!plan.interval.is_zero())
                .then(|| scheduled_ns(sequence, prober, probers.len(), plan, begin_ns));
            probers[prober].send(due_ns, clock, on_event);
            if plan.interval.is_zero() && timeout_ns >= PLAIN_WAIT_NS_MIN {
                // Nothing is due before this reply, so receive it without looking at the schedule.
                probers[prober].receive(clock, on_event);
                continue;
            }
            turn = next(probers);
        }
        let end_ns = probers
            .iter()
            .map(|prober| listens_until(prober, timeout_ns))
            .max()
            .unwrap_or(0)
            .min(latest_end_ns);
        match turn {
            Some(turn) => receive_until(probers, turn.due_ns, clock, on_event),
            None if now_ns < end_ns => receive_until(probers, end_ns, clock, on_event),
            None => break,
        }
    }
    let end_ns = clock.now_ns();
    for prober in probers {
        if prober.log.is_complete() && prober.log.next_sequence() > plan.warm_up + plan.count {
            prober.ended_by = None; // the server closed after the last reply, while the other prober went on
        }
        if prober.ended_by.is_none() {
            prober.unfinished = prober.log.count_awaited(plan.warm_up as usize, end_ns);
        }
    }
}

/// Reports the requests that have had no reply for longer than the timeout.
fn report_overdue(probers: &mut [Prober], now_ns: u64, on_event: &mut dyn FnMut(Event)) {
    for prober in probers {
        while let Some(sequence) = prober.log.next_overdue(now_ns) {
            if let Some(&exchange) = prober.log.exchange(sequence) {
                let kind = EventKind::Overdue { sequence, exchange };
                on_event(Event { protocol: prober.protocol, at_ns: now_ns, kind });
            }
        }
    }
}

/// The next request of a prober. Comparing turns compares when they are due.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    due_ns: u64,
    sequence: u32,
    prober: usize,
}

/// Finds the prober that sends next, and when.
fn next_turn(probers: &[Prober], plan: &Plan, begin_ns: u64) -> Option<Turn> {
    let open = probers.iter().enumerate().filter(|(_, prober)| prober.ended_by.is_none());
    let turns = open.map(|(at, prober)| {
        let sequence = prober.log.next_sequence();
        let (due_ns, awaited_until) = if plan.interval.is_zero() {
            (0, probers.iter().filter_map(|prober| prober.log.awaited_until()).max())
        } else {
            let awaited_until = prober.log.awaited_until().filter(|_| prober.protocol == Protocol::Tcp);
            (scheduled_ns(sequence, at, probers.len(), plan, begin_ns), awaited_until)
        };
        Turn { due_ns: due_ns.max(awaited_until.unwrap_or(0)), sequence, prober: at }
    });
    turns.filter(|turn| turn.sequence <= plan.warm_up + plan.count).min()
}

/// Returns when a request is due on the schedule. The probers share each interval evenly.
fn scheduled_ns(sequence: u32, prober: usize, probers: usize, plan: &Plan, begin_ns: u64) -> u64 {
    let interval_ns = nanoseconds(plan.interval);
    let offset_ns = interval_ns / probers as u64 * prober as u64;
    // With intervals of days, 64 bits may not be enough for the last requests. They are never due.
    interval_ns.saturating_mul(u64::from(sequence - 1)).saturating_add(begin_ns + offset_ns)
}

/// Returns when the run can stop listening to `prober`, once the last request is sent.
fn listens_until(prober: &Prober, timeout_ns: u64) -> u64 {
    let (Some(last), None) = (prober.log.exchanges().last(), &prober.ended_by) else { return 0 };
    if prober.is_between_connections {
        return 0;
    }
    let longest_ns = prober.log.rtt_max_ns();
    if !prober.log.is_complete() {
        return last.sent_ns + (timeout_ns + timeout_ns.max(LATE_WAIT_NS_MIN)).max(2 * longest_ns);
    }
    match prober.protocol {
        // A stream delivers nothing twice.
        Protocol::Tcp => 0,
        Protocol::Udp => last.sent_ns + longest_ns + longest_ns.max(DUPLICATE_WAIT_NS_MIN),
    }
}

/// Waits for replies, at most until `until_ns`, and receives them.
fn receive_until(probers: &mut [Prober], until_ns: u64, clock: &Clock, on_event: &mut dyn FnMut(Event)) {
    let left_ns = until_ns.saturating_sub(clock.now_ns());
    let can_receive = |prober: &&mut Prober| prober.ended_by.is_none() && !prober.is_between_connections;
    let mut open = probers.iter_mut().filter(can_receive);
    match (open.next(), open.next()) {
        (Some(prober), None) => {
            if left_ns >= PLAIN_WAIT_NS_MIN || readable([prober], left_ns) == [true] {
                prober.receive(clock, on_event);
            }
        }
        (Some(first), Some(second)) => {
            let ready = readable([first, second], left_ns);
            for (prober, ready) in [first, second].into_iter().zip(ready) {
                if ready {
                    prober.receive(clock, on_event);
                }
            }
        }
        (None, _) => thread::sleep(Duration::from_nanos(left_ns).min(STOP_CHECK)),
    }
}

/// Waits until a socket has something to receive, at most for `left_ns`. Returns for each whether it has.
fn readable<const N: usize>(probers: [&Prober; N], left_ns: u64) -> [bool; N] {
    let mut sockets = probers.map(|prober| match &prober.socket {
        Socket::Udp(socket) => PollFd::new(socket, PollFlags::IN),
        Socket::Tcp(stream) => PollFd::new(stream, PollFlags::IN),
    });
    let wait = Timespec::try_from(Duration::from_nanos(left_ns).min(STOP_CHECK));
    // A signal may interrupt the wait. Then nothing is ready, and the caller reads the clock again.
    match wait.map(|wait| poll(&mut sockets, Some(&wait))) {
        Ok(Ok(_)) => sockets.map(|socket| !socket.revents().is_empty()),
        _ => [false; N],
    }
}
