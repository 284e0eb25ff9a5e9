//! Text whose every byte knows its line: a whole file, or a string literal in a C source.

use std::path::Path;

use zeroize::Zeroizing;

use super::finding::Place;
use crate::failure::Outcome;
use crate::files;

enum Positions {
    /// Where each line of a file starts.
    Lines(Vec<usize>),
    /// Line and column of each byte of a literal in its source.
    Each(Vec<(usize, usize)>),
}

/// Text that may hold a key: overwritten when dropped, never printed.
pub(crate) struct Text {
    /// The path of the file.
    name: String,
    variable: Option<&'static str>,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    positions: Positions,
}

impl Text {
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        Ok(Self::of_file(path.display().to_string(), Zeroizing::new(files::read(path)?)))
    }

    pub(crate) fn of_file(name: String, bytes: Zeroizing<Vec<u8>>) -> Self {
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let starts = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Text { name, variable: None, bytes, positions: Positions::Lines(starts) }
    }

    /// `positions` has one entry for each byte.
    pub(crate) fn of_literal(
        name: String,
        variable: &'static str,
        bytes: Zeroizing<Vec<u8>>,
        positions: Vec<(usize, usize)>,
    ) -> Self {
        Text { name, variable: Some(variable), bytes, positions: Positions::Each(positions) }
    }

    /// The whole of it.
    pub(crate) fn whole(&self) -> Place {
        Place { name: self.name.clone(), variable: self.variable, position: None }
    }

    /// The byte at `offset`; past the end, the last one.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let position = match &self.positions {
            Positions::Lines(starts) => {
                let line = starts.partition_point(|start| *start <= offset).max(1);
                starts.get(line - 1).map(|start| (line, offset - start + 1))
            }
            Positions::Each(each) => each.get(offset).or_else(|| each.last()).copied(),
        };
        Place { name: self.name.clone(), variable: self.variable, position }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn lines_and_columns_start_at_one() {
        let text = Text::of_file("x".to_owned(), Zeroizing::new(b"ab\r\n\ncd".to_vec()));
        let at = |offset| text.place(offset).position.unwrap();
        assert_eq!([0, 3, 4, 5, 6, 7].map(at), [(1, 1), (1, 4), (2, 1), (3, 1), (3, 2), (3, 3)]);
        let text = Text::of_file("x".to_owned(), Zeroizing::default());
        assert_eq!(text.place(0).position, Some((1, 1)));
        assert_eq!(text.place(0).to_string(), "x:1:1");
    }
}
