//! The wire between the engine and the server, on which records are changed.

use super::script::{Script, What};
use crate::support::memory::Wire;
use std::rc::Rc;

/// The header of a record: type, version, length.
const HEADER: usize = 5;

/// Takes the server's records apart and puts what becomes of them on the wire.
pub struct Tamper {
    script: Rc<Script>,
    records: usize,
    /// What the server has written and is no whole record yet.
    rest: Vec<u8>,
    /// All records so far, as the server wrote them.
    seen: Vec<Vec<u8>>,
    /// Come after the next record.
    late: Vec<u8>,
    ended: bool,
}

impl Tamper {
    pub fn new(script: Rc<Script>) -> Self {
        let (rest, seen, late) = (Vec::new(), Vec::new(), Vec::new());
        Self { script, records: 0, rest, seen, late, ended: false }
    }

    /// Takes what the server has put on the wire and puts there what becomes of it.
    pub fn pass(&mut self, wire: &mut Wire, from: usize) {
        self.rest.extend(wire.to_client.drain(from..));
        while let Some([_, _, _, high, low]) =
            self.rest.get(..HEADER).map(|h| [h[0], h[1], h[2], h[3], h[4]])
        {
            let length = HEADER + usize::from(u16::from_be_bytes([high, low]));
            if self.rest.len() < length {
                break;
            }
            let record: Vec<u8> = self.rest.drain(..length).collect();
            if !self.ended {
                let bytes = self.change(&record);
                wire.to_client.extend(bytes);
                wire.ended |= self.ended;
            }
        }
    }

    /// What takes the place of a record.
    fn change(&mut self, record: &[u8]) -> Vec<u8> {
        let (mut kind, mut body) = (record[0], record[HEADER..].to_vec());
        let late = std::mem::take(&mut self.late);
        let (mut before, mut length, mut split) = (Vec::new(), None, None);
        let (mut dropped, mut doubled, mut waits) = (false, false, false);
        let script = Rc::clone(&self.script);
        for what in script.of(self.records, false) {
            match what {
                What::Length(other) => length = Some(*other),
                What::Drop => dropped = true,
                What::Double => doubled = true,
                What::Late => waits = true,
                What::Split { at } => split = Some(usize::from(*at) % (body.len() + 1)),
                What::Before(bytes) => before.extend(bytes),
                What::Record { kind, body } => before.extend(framed(*kind, None, body)),
                What::Replay { record } => {
                    before.extend(self.seen.get(usize::from(*record)).into_iter().flatten());
                }
                What::End => self.ended = true,
                what => what.change(&mut kind, &mut body),
            }
        }
        self.records += 1;
        self.seen.push(record.to_vec());
        let changed = match split {
            Some(at) if at <= body.len() => {
                [framed(kind, None, &body[..at]), framed(kind, length, &body[at..])].concat()
            }
            _ => framed(kind, length, &body),
        };
        let copies = if dropped || self.ended { 0 } else { 1 + usize::from(doubled) };
        let changed = changed.repeat(copies);
        if waits {
            self.late = changed;
            return [before, late].concat();
        }
        [before, changed, late].concat()
    }
}

/// A record of this type, with a length that need not be true.
fn framed(kind: u8, length: Option<u16>, body: &[u8]) -> Vec<u8> {
    let length = length.unwrap_or(body.len() as u16);
    let mut record = vec![kind, 3, 3];
    record.extend(length.to_be_bytes());
    record.extend(body);
    record
}
