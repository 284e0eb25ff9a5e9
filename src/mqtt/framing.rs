//! Cuts the byte stream into packets (MQTT 3.1.1 section 2.2).
//!
//! Bytes may arrive in any portions. A packet that is larger than the read buffer is passed over
//! without being stored, and the stream stays in step.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

/// What was cut out of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// One whole packet, fixed header included.
    Packet {
        /// The whole packet.
        bytes: Vec<u8>,
        /// Where the variable header begins: the length of the fixed header, 2 to 5.
        body: usize,
    },
    /// A packet that does not fit the read buffer went by; its whole length in bytes.
    Oversized(usize),
}

/// Why the stream cannot be cut any further. The connection has to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FramingError {
    /// The remaining length has more than four bytes.
    LengthTooLong,
    /// The remaining length is spelled with more bytes than it needs.
    LengthNotMinimal,
}

impl FramingError {
    /// The reason as a clause.
    pub fn clause(self) -> &'static str {
        match self {
            Self::LengthTooLong => "remaining length has more than four bytes",
            Self::LengthNotMinimal => "remaining length is not minimal",
        }
    }
}

enum State {
    /// Collecting type and remaining length.
    Header,
    /// Collecting the rest of a packet of `total` bytes whose body begins at `body`.
    Body { total: usize, body: usize },
    /// Passing over the `left` bytes that remain of a packet of `total` bytes.
    Skipping { total: usize, left: usize },
}

/// The cutter of one connection.
pub struct Framer {
    /// The largest packet that is stored, in bytes with its fixed header.
    limit: usize,
    collected: Vec<u8>,
    state: State,
}

impl Framer {
    /// A cutter at the start of a stream. `limit` bounds what it ever holds.
    pub fn new(limit: usize) -> Self {
        Self { limit, collected: Vec::new(), state: State::Header }
    }

    /// Whether a packet has begun and is not complete.
    pub fn is_inside_packet(&self) -> bool {
        !matches!(self.state, State::Header) || !self.collected.is_empty()
    }

    /// Takes bytes from the front of `input` until a packet is complete. `None`: all of `input` was
    /// taken and more is needed.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, FramingError> {
        loop {
            match self.state {
                State::Header => {
                    let Some((&byte, rest)) = input.split_first() else { return Ok(None) };
                    *input = rest;
                    self.collected.push(byte);
                    if let Some(remaining) = self.remaining_length()? {
                        self.begin_body(remaining);
                    }
                }
                State::Body { total, body } => {
                    let wanted = total.saturating_sub(self.collected.len());
                    let (taken, rest) = input.split_at(wanted.min(input.len()));
                    self.collected.extend_from_slice(taken);
                    *input = rest;
                    if self.collected.len() < total {
                        return Ok(None);
                    }
                    self.state = State::Header;
                    let bytes = std::mem::take(&mut self.collected);
                    return Ok(Some(Frame::Packet { bytes, body }));
                }
                State::Skipping { total, left } => {
                    let (taken, rest) = input.split_at(left.min(input.len()));
                    *input = rest;
                    let left = left.saturating_sub(taken.len());
                    if left > 0 {
                        self.state = State::Skipping { total, left };
                        return Ok(None);
                    }
                    self.state = State::Header;
                    return Ok(Some(Frame::Oversized(total)));
                }
            }
        }
    }

    /// The remaining length, once all its bytes are there.
    fn remaining_length(&self) -> Result<Option<usize>, FramingError> {
        let digits = self.collected.get(1..).unwrap_or_default();
        let Some((&last, before)) = digits.split_last() else { return Ok(None) };
        if last & 0x80 != 0 {
            return if digits.len() < 4 { Ok(None) } else { Err(FramingError::LengthTooLong) };
        }
        if last == 0 && !before.is_empty() {
            return Err(FramingError::LengthNotMinimal);
        }
        let value = digits.iter().rev().fold(0, |sum, digit| sum << 7 | usize::from(digit & 0x7f));
        Ok(Some(value))
    }

    fn begin_body(&mut self, remaining: usize) {
        let body = self.collected.len();
        let total = body.saturating_add(remaining);
        if total > self.limit {
            self.collected = Vec::new();
            self.state = State::Skipping { total, left: remaining };
        } else {
            self.collected.reserve_exact(remaining);
            self.state = State::Body { total, body };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All frames of `stream`, given in portions of `portion` bytes.
    fn frames(stream: &[u8], portion: usize) -> Result<Vec<Frame>, FramingError> {
        let mut framer = Framer::new(200);
        let mut found = Vec::new();
        for mut part in stream.chunks(portion) {
            while let Some(frame) = framer.next(&mut part)? {
                found.push(frame);
            }
            assert!(part.is_empty());
        }
        assert!(!framer.is_inside_packet());
        Ok(found)
    }

    #[test]
    fn packets_are_the_same_however_the_stream_is_cut() {
        let mut stream = vec![0xd0, 0, 0x40, 2, 0, 7, 0x30, 0x84, 1];
        stream.extend([b'x'; 132]);
        stream.extend([0x30, 0xac, 2]);
        stream.extend([b'y'; 300]);
        stream.extend([0xd0, 0]);
        let whole = frames(&stream, stream.len()).unwrap();
        assert_eq!(whole.len(), 5);
        assert_eq!(whole[0], Frame::Packet { bytes: vec![0xd0, 0], body: 2 });
        assert!(matches!(&whole[2], Frame::Packet { bytes, body: 3 } if bytes.len() == 135));
        assert_eq!(whole[3], Frame::Oversized(303));
        for portion in 1..stream.len() {
            assert_eq!(frames(&stream, portion).as_ref(), Ok(&whole), "{portion}");
        }
    }

    #[test]
    fn an_announced_length_allocates_nothing_beyond_the_limit() {
        let mut framer = Framer::new(200);
        let mut input: &[u8] = &[0x30, 0xff, 0xff, 0xff, 0x7f];
        assert_eq!(framer.next(&mut input), Ok(None));
        assert!(framer.collected.capacity() <= 200);
        assert!(framer.is_inside_packet());
    }

    #[test]
    fn every_remaining_length_is_read_as_the_specification_says() {
        const LARGEST: usize = 0x0fff_ffff;
        let borders = [0, 0x7f, 0x80, 0x3fff, 0x4000, 0x1f_ffff, 0x20_0000, LARGEST];
        for length in borders.into_iter().chain((0..=LARGEST).step_by(997)) {
            let mut spelled = vec![0x30];
            let mut rest = length;
            loop {
                let digit = u8::try_from(rest % 128).unwrap();
                rest /= 128;
                spelled.push(if rest > 0 { digit | 0x80 } else { digit });
                if rest == 0 {
                    break;
                }
            }
            let framer = Framer { limit: 0, collected: spelled, state: State::Header };
            assert_eq!(framer.remaining_length(), Ok(Some(length)));
        }
    }

    #[test]
    fn impossible_lengths_end_the_stream() {
        for (stream, error) in [
            (&[0x30, 0x80, 0x80, 0x80, 0x80][..], FramingError::LengthTooLong),
            (&[0x30, 0x80, 0], FramingError::LengthNotMinimal),
            (&[0x30, 0xff, 0x80, 0], FramingError::LengthNotMinimal),
        ] {
            assert_eq!(frames(stream, 1), Err(error));
        }
    }

    /// Reads every spelling of the lengths from `first` on that has `digits` bytes and compares with
    /// section 2.2.3: 128 to the power of the place, and no byte more than is needed.
    fn read_all(digits: u32, first: usize, step: usize) -> usize {
        let (least, end) =
            (if digits == 1 { 0 } else { 1 << (7 * (digits - 1)) }, 1 << (7 * digits));
        let mut framer = Framer { limit: 0, collected: vec![0x30], state: State::Header };
        let mut count = 0;
        for length in (first..end).step_by(step) {
            framer.collected.truncate(1);
            for place in 0..digits {
                let digit = (length >> (7 * place) & 0x7f) as u8;
                framer.collected.push(digit | 0x80);
                let more = if place < 3 { Ok(None) } else { Err(FramingError::LengthTooLong) };
                assert_eq!(framer.remaining_length(), more, "{length} as {digits} bytes");
            }
            *framer.collected.last_mut().unwrap() &= 0x7f;
            let expected = match length >= least {
                true => Ok(Some(length)),
                false => Err(FramingError::LengthNotMinimal),
            };
            assert_eq!(framer.remaining_length(), expected, "{length} as {digits} bytes");
            count += 1;
        }
        count
    }

    #[test]
    fn every_spelling_of_up_to_two_bytes_is_read_as_the_specification_says() {
        assert_eq!((read_all(1, 0, 1), read_all(2, 0, 1)), (128, 16_384));
        assert!(read_all(3, 5, 997) > 2000 && read_all(4, 5, 99_991) > 2000);
    }

    #[test]
    #[ignore = "minutes without optimisation: make exhaustive"]
    fn every_spelling_of_every_length_is_read_as_the_specification_says() {
        assert_eq!((read_all(3, 0, 1), read_all(4, 0, 1)), (2_097_152, 268_435_456));
    }
}
