//! Puts the calls and packets of a run into one order.
//!
//! Packets keep the order of the capture. A call that sends stands directly before its packet, and a call that a packet
//! lets return ends directly after it. So the order does not depend on how quickly a program was scheduled, and two runs
//! with the same packets have the same order.

use crate::flow::calls::{Action, Program};
use crate::flow::matching::{CallId, Matches};
use crate::packet::Flags;
use std::collections::BTreeSet;

/// A step of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A call begins, and waits.
    Begin(CallId),
    /// A call that waited returns.
    Return(CallId),
    /// A call that returns at once.
    Call(CallId),
    /// A packet, as an index into the packets of [`Matches`].
    Packet(usize),
}

struct Sequence<'a> {
    programs: &'a [Program],
    matches: &'a Matches<'a>,
    steps: Vec<Step>,
    done: BTreeSet<CallId>,
    waiting: BTreeSet<CallId>,
    packets: BTreeSet<usize>,
}

/// Orders a run. `programs[0]` is the server.
pub fn order(programs: &[Program], matches: &Matches<'_>) -> Vec<Step> {
    let mut sequence = Sequence {
        programs,
        matches,
        steps: Vec::new(),
        done: BTreeSet::new(),
        waiting: BTreeSet::new(),
        packets: BTreeSet::new(),
    };
    sequence.advance(0, 0);
    let mut index = 0;
    while index < matches.packets.len() {
        let first = index;
        if let Some(cause) = matches.causes.get(&index) {
            sequence.catch_up(*cause);
        }
        sequence.packet(index);
        // The system acknowledges a segment before a program reads it.
        while sequence.is_pure_acknowledgment(index + 1) && !sequence.releases(index + 1) {
            index += 1;
            sequence.packet(index);
        }
        for packet in first..=index {
            sequence.release(packet);
        }
        index += 1;
    }
    for (program, calls) in programs.iter().enumerate().rev() {
        for index in 0..calls.calls.len() {
            if !sequence.waiting.contains(&(program, index)) {
                sequence.catch_up((program, index));
            }
        }
    }
    sequence.steps
}

impl Sequence<'_> {
    fn packet(&mut self, index: usize) {
        self.steps.push(Step::Packet(index));
        self.packets.insert(index);
    }

    fn is_pure_acknowledgment(&self, index: usize) -> bool {
        self.matches.packets.get(index).is_some_and(|packet| {
            let record = packet.record;
            record.payload_length == 0 && !record.has(Flags::SYN) && !record.has(Flags::FIN)
        })
    }

    /// Tells whether a packet lets a call return.
    fn releases(&self, index: usize) -> bool {
        self.matches.triggers.values().any(|trigger| *trigger == index)
    }

    /// Ends the calls that waited for a packet, and goes on with their threads and with the sender's.
    fn release(&mut self, index: usize) {
        let released: Vec<CallId> = self
            .matches
            .triggers
            .iter()
            .filter(|(_, trigger)| **trigger == index)
            .map(|(id, _)| *id)
            .collect();
        for id in &released {
            if self.waiting.remove(id) {
                self.steps.push(Step::Return(*id));
                self.done.insert(*id);
            }
        }
        let cause = self.matches.causes.get(&index).copied();
        for (program, call) in released.into_iter().chain(cause) {
            self.advance(program, self.programs[program].calls[call].thread);
        }
    }

    /// Adds the calls of a thread that need nothing else to happen first.
    fn advance(&mut self, program: usize, thread: usize) {
        let calls = &self.programs[program].calls;
        for index in (0..calls.len()).filter(|index| calls[*index].thread == thread) {
            let id = (program, index);
            if self.done.contains(&id) {
                continue;
            }
            let sends = self
                .matches
                .causes
                .iter()
                .any(|(packet, cause)| *cause == id && !self.packets.contains(packet));
            let is_early = self.is_waiting_for(id).is_none_or(|packet| self.packets.contains(&packet));
            if sends || self.waiting.contains(&id) || !(is_early || self.waits(id)) {
                return;
            }
            self.add(id);
            if self.waiting.contains(&id) {
                return;
            }
        }
    }

    /// Adds all calls of a thread up to and including this one.
    fn catch_up(&mut self, (program, last): CallId) {
        let calls = &self.programs[program].calls;
        let thread = calls[last].thread;
        for index in (0..=last).filter(|index| calls[*index].thread == thread) {
            let id = (program, index);
            if self.done.contains(&id) || (index == last && self.waiting.contains(&id)) {
                continue;
            }
            if self.waiting.remove(&id) {
                self.steps.push(Step::Return(id));
                self.done.insert(id);
            } else {
                self.add(id);
            }
        }
    }

    fn add(&mut self, id: CallId) {
        if self.waits(id) {
            self.steps.push(Step::Begin(id));
            self.waiting.insert(id);
            return;
        }
        self.steps.push(Step::Call(id));
        self.done.insert(id);
        if let Action::Spawn(thread) = self.programs[id.0].calls[id.1].action {
            self.advance(id.0, thread);
        }
    }

    fn is_waiting_for(&self, id: CallId) -> Option<usize> {
        self.matches.triggers.get(&id).copied()
    }

    /// Tells whether a call waited: it began before the packet that let it return, or never returned.
    fn waits(&self, id: CallId) -> bool {
        let call = &self.programs[id.0].calls[id.1];
        let trigger = self.is_waiting_for(id).map(|packet| self.matches.packets[packet].record.at.time_ns);
        let is_packet_ahead = self.is_waiting_for(id).is_none_or(|packet| !self.packets.contains(&packet));
        match trigger {
            Some(time_ns) => is_packet_ahead && call.begin_ns <= time_ns,
            None => call.result.is_none(),
        }
    }
}
