//! What becomes of the records of a server: decided by a string of bytes.

use arbitrary::{Result, Unstructured};

/// One change of one record.
#[derive(Debug, Clone)]
pub struct Change {
    /// Which record of the connection, from 0.
    pub record: usize,
    /// Before it is sealed, of those that are; otherwise as it goes over the wire.
    pub before_sealing: bool,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    Flip {
        at: u16,
        mask: u8,
    },
    Write {
        at: u16,
        bytes: Vec<u8>,
    },
    /// `mend`: lengths around the place stay right.
    Insert {
        at: u16,
        bytes: Vec<u8>,
        mend: bool,
    },
    Remove {
        at: u16,
        count: u8,
        mend: bool,
    },
    /// The rest of the record never comes, what follows does.
    Cut {
        at: u16,
    },
    Type(u8),
    Length(u16),
    Drop,
    Double,
    /// Comes after the next one.
    Late,
    /// In two records.
    Split {
        at: u16,
    },
    /// These bytes come first.
    Before(Vec<u8>),
    /// A record of this type comes first.
    Record {
        kind: u8,
        body: Vec<u8>,
    },
    /// An earlier record comes once more, first.
    Replay {
        record: u8,
    },
    /// The connection ends here.
    End,
}

/// Everything about one connection that a string of bytes decides.
#[derive(Debug)]
pub struct Script {
    /// TLS 1.3, where the engine speaks it.
    pub newest: bool,
    pub device_authenticates: bool,
    /// An undisturbed connection comes first, whose session can be resumed.
    pub resume: bool,
    /// How many bytes one read or write moves at most.
    pub portion: Option<usize>,
    /// How many bytes the wire takes before the server looks.
    pub room: Option<usize>,
    pub changes: Vec<Change>,
    /// What follows the handshake: how much the server and the client send in each turn.
    pub turns: Vec<(u16, u16)>,
    pub close_notify: bool,
}

/// The records that can be changed: later ones are like the last of these.
const RECORDS: u8 = 24;

fn bytes(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let length = usize::from(input.arbitrary::<u8>()?).min(input.len());
    Ok(input.bytes(length)?.to_vec())
}

fn what(input: &mut Unstructured<'_>) -> Result<What> {
    let at: u16 = input.int_in_range(0..=2047)?;
    Ok(match input.int_in_range(0..=16u8)? {
        0 | 1 => What::Flip { at, mask: input.arbitrary()? },
        2 => What::Write { at, bytes: bytes(input)? },
        3 | 4 => What::Insert { at, bytes: bytes(input)?, mend: input.arbitrary()? },
        5 | 6 => What::Remove { at, count: input.arbitrary()?, mend: input.arbitrary()? },
        7 => What::Cut { at },
        8 => What::Type(*input.choose(&[20, 21, 22, 23, 24, 0])?),
        9 => What::Length(input.arbitrary()?),
        10 => What::Drop,
        11 => What::Double,
        12 => What::Late,
        13 => What::Split { at },
        14 => What::Before(bytes(input)?),
        15 => What::Record { kind: *input.choose(&[20, 21, 22, 23, 24])?, body: bytes(input)? },
        _ if at < 1024 => What::Replay { record: input.int_in_range(0..=RECORDS)? },
        _ => What::End,
    })
}

impl Script {
    pub fn read(data: &[u8]) -> Result<Self> {
        let mut input = Unstructured::new(data);
        let flags: u8 = input.arbitrary()?;
        let portion = usize::from(input.arbitrary::<u8>()?);
        let mut changes = Vec::new();
        for _ in 0..input.int_in_range(0..=4u8)? {
            let record = usize::from(input.int_in_range(0..=RECORDS)?);
            let before_sealing = input.arbitrary()?;
            changes.push(Change { record, before_sealing, what: what(&mut input)? });
        }
        let mut turns = Vec::new();
        for _ in 0..input.int_in_range(0..=3u8)? {
            turns.push((input.int_in_range(0..=20_000)?, input.int_in_range(0..=20_000)?));
        }
        Ok(Self {
            newest: flags & 1 != 0,
            device_authenticates: flags & 2 != 0,
            resume: flags & 4 != 0,
            close_notify: flags & 8 != 0,
            portion: (flags & 16 != 0).then_some(portion.max(1)),
            room: (flags & 32 != 0).then_some(4 * portion + 1),
            changes,
            turns,
        })
    }

    /// The changes of one record, in their order.
    pub fn of(&self, record: usize, before_sealing: bool) -> impl Iterator<Item = &What> {
        let here = move |change: &&Change| {
            change.record == record && change.before_sealing == before_sealing
        };
        self.changes.iter().filter(here).map(|change| &change.what)
    }
}

/// Makes the length of the handshake message around `at` right again, which has grown by `more`.
fn mend(body: &mut [u8], at: usize, more: isize) {
    let mut start = 0;
    while let Some([high, middle, low]) = body.get(start + 1..start + 4).map(|l| [l[0], l[1], l[2]])
    {
        let length = u32::from_be_bytes([0, high, middle, low]) as usize;
        if at < start + 4 + length {
            let length = (length as isize + more).max(0) as u32;
            body[start + 1..start + 4].copy_from_slice(&length.to_be_bytes()[1..]);
            return;
        }
        start += 4 + length;
    }
}

impl What {
    /// Changes the content of a record; a handshake message has its own length inside.
    pub fn change(&self, kind: &mut u8, body: &mut Vec<u8>) {
        let place = |at: u16, length: usize| usize::from(at) % (length + 1);
        match self {
            Self::Flip { at, mask } => {
                let at = place(*at, body.len());
                body.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= mask);
            }
            Self::Write { at, bytes } => {
                let at = place(*at, body.len());
                body.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to = *from);
            }
            Self::Insert { at, bytes, mend: mends } => {
                let at = place(*at, body.len());
                if *mends && *kind == 22 {
                    mend(body, at, bytes.len() as isize);
                }
                body.splice(at..at, bytes.iter().copied());
            }
            Self::Remove { at, count, mend: mends } => {
                let at = place(*at, body.len());
                let end = (at + usize::from(*count)).min(body.len());
                if *mends && *kind == 22 {
                    mend(body, at, -((end - at) as isize));
                }
                body.drain(at..end);
            }
            Self::Cut { at } => body.truncate(place(*at, body.len())),
            Self::Type(other) => *kind = *other,
            _ => {}
        }
    }
}
