//! Handles for C: small numbers in place of pointers.
//!
//! A handle names a place in a table and the generation of what is there. 0, handles of things
//! that are gone, and invented numbers are recognised instead of being followed. Handles fit in 31
//! bits: `uintptr_t` has 32 bits in some Link SDK builds (infra_types.h), and none looks negative.
#![forbid(unsafe_code)]

use crate::lock::{Mutex, MutexGuard};
use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

const PLACE_BITS: u32 = 12;
const GENERATION_BITS: u32 = 31 - PLACE_BITS;

/// The most things that a table can hold at a time.
pub const CAPACITY: usize = 1 << PLACE_BITS;

/// The largest number that is ever given out.
pub const LARGEST: u32 = 0x7fff_ffff;

struct Place<T> {
    /// 1 and up; the generation of what is here, or of what comes next.
    generation: u32,
    content: Option<Arc<T>>,
}

struct Places<T> {
    places: Vec<Place<T>>,
    /// Free places, the one that was freed first in front: so a number comes back as late as
    /// possible.
    free: VecDeque<usize>,
}

impl<T> Places<T> {
    fn free_place(&mut self) -> Option<usize> {
        if let Some(index) = self.free.pop_front() {
            return Some(index);
        }
        if self.places.len() >= CAPACITY {
            return None;
        }
        self.places.push(Place { generation: 1, content: None });
        Some(self.places.len() - 1)
    }
}

/// Things that C holds by number. All methods may be called from any thread.
pub struct Table<T> {
    inner: Mutex<Places<T>>,
}

impl<T> Table<T> {
    /// An empty table; it allocates nothing before the first insertion.
    #[cfg(not(loom))]
    pub const fn new() -> Self {
        Self { inner: Mutex::new(Places { places: Vec::new(), free: VecDeque::new() }) }
    }

    /// The same; loom's locks cannot be constants.
    #[cfg(loom)]
    pub fn new() -> Self {
        Self { inner: Mutex::new(Places { places: Vec::new(), free: VecDeque::new() }) }
    }

    fn lock(&self) -> MutexGuard<'_, Places<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes `content` in and returns its handle, 1 to [`LARGEST`]; `None` when the table is full.
    pub fn insert(&self, content: Arc<T>) -> Option<u32> {
        self.insert_with(|_| content).map(|(handle, _)| handle)
    }

    /// Like [`Self::insert`], for content that has to know its own handle.
    /// `make` must not use the table.
    pub fn insert_with(&self, make: impl FnOnce(u32) -> Arc<T>) -> Option<(u32, Arc<T>)> {
        let mut inner = self.lock();
        let index = inner.free_place()?;
        let place = inner.places.get_mut(index)?;
        let handle = place.generation << PLACE_BITS | u32::try_from(index).ok()?;
        let content = make(handle);
        place.content = Some(Arc::clone(&content));
        Some((handle, content))
    }

    /// What `handle` names, if it is still there.
    pub fn get(&self, handle: usize) -> Option<Arc<T>> {
        let (index, generation) = split(handle)?;
        let inner = self.lock();
        let place = inner.places.get(index).filter(|place| place.generation == generation)?;
        place.content.clone()
    }

    /// Takes out what `handle` names. The handle is stale from now on.
    pub fn remove(&self, handle: usize) -> Option<Arc<T>> {
        let (index, generation) = split(handle)?;
        let mut inner = self.lock();
        let place = inner.places.get_mut(index).filter(|place| place.generation == generation)?;
        let content = place.content.take()?;
        place.generation = match generation + 1 {
            next if next < 1 << GENERATION_BITS => next,
            _ => 1,
        };
        inner.free.push_back(index);
        Some(content)
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The place and generation that a number spells; `None` for numbers that were never given out.
fn split(handle: usize) -> Option<(usize, u32)> {
    let handle = u32::try_from(handle).ok().filter(|handle| *handle <= LARGEST)?;
    let generation = handle >> PLACE_BITS;
    let index = usize::try_from(handle & ((1 << PLACE_BITS) - 1)).ok()?;
    (generation != 0).then_some((index, generation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_handle_names_one_thing_for_as_long_as_it_is_there() {
        let table = Table::new();
        let a = table.insert(Arc::new("a")).unwrap() as usize;
        let b = table.insert(Arc::new("b")).unwrap() as usize;
        assert_eq!(table.get(a).as_deref(), Some(&"a"));
        assert_eq!(table.remove(a).as_deref(), Some(&"a"));
        assert_eq!(table.get(a), None);
        assert_eq!(table.remove(a), None);
        let c = table.insert(Arc::new("c")).unwrap() as usize;
        assert_ne!(a, c);
        assert_eq!(table.get(a), None);
        assert_eq!(table.get(b).as_deref(), Some(&"b"));
        assert_eq!(table.get(c).as_deref(), Some(&"c"));
    }

    #[test]
    fn nothing_but_the_given_numbers_is_found() {
        let table = Table::new();
        let given = table.insert(Arc::new(())).unwrap() as usize;
        for forged in (0..1 << 14).chain([usize::MAX, LARGEST as usize, given + 1, given | 1 << 31])
        {
            assert_eq!(table.get(forged).is_some(), forged == given, "{forged:#x}");
        }
    }

    #[test]
    fn the_table_is_bounded_and_usable_again() {
        let table = Table::new();
        let handles: Vec<_> = (0..CAPACITY).map(|n| table.insert(Arc::new(n)).unwrap()).collect();
        assert_eq!(handles.iter().collect::<HashSet<_>>().len(), CAPACITY);
        assert!(handles.iter().all(|handle| (1..=LARGEST).contains(handle)));
        assert_eq!(table.insert(Arc::new(0)), None);
        table.remove(handles[7] as usize).unwrap();
        assert!(table.insert(Arc::new(0)).is_some());
    }

    #[test]
    fn generations_wrap_without_ever_being_zero() {
        let table = Table::new();
        let mut last = 0;
        for _ in 0..(1u32 << GENERATION_BITS) + 2 {
            let handle = table.insert(Arc::new(())).unwrap();
            assert!(handle != 0 && handle <= LARGEST && handle != last);
            last = handle;
            table.remove(handle as usize).unwrap();
        }
    }

    /// A table whose first places come to the end of their generations.
    fn nearly_wrapped(places: usize) -> Table<usize> {
        let table = Table::new();
        let mut inner = table.lock();
        for index in 0..places {
            inner.places.push(Place { generation: (1 << GENERATION_BITS) - 2, content: None });
            inner.free.push_back(index);
        }
        drop(inner);
        table
    }

    /// Does `steps` and compares with a list of what was ever taken in: step 0 takes something in,
    /// step n takes out what was the n-th to come. How many were taken in.
    fn replay(table: &Table<usize>, steps: &[usize]) -> usize {
        let mut given: Vec<(usize, bool)> = Vec::new();
        for step in steps {
            if let Some(nth) = step.checked_sub(1) {
                let (handle, there) = given[nth];
                assert_eq!(table.remove(handle).as_deref(), there.then_some(&nth), "{steps:?}");
                given[nth].1 = false;
            } else {
                let handle = table.insert(Arc::new(given.len())).unwrap() as usize;
                assert!(given.iter().all(|(earlier, _)| *earlier != handle), "{steps:?}");
                given.push((handle, true));
            }
            for (nth, (handle, there)) in given.iter().enumerate() {
                assert_eq!(table.get(*handle).as_deref(), there.then_some(&nth), "{steps:?}");
            }
        }
        given.len()
    }

    /// Every sequence of so many insertions and removals, stale handles included. How many.
    fn all_sequences(depth: usize) -> usize {
        let mut count = 0;
        let mut unfinished = vec![vec![]];
        while let Some(mut steps) = unfinished.pop() {
            if steps.len() < depth {
                let given = steps.iter().filter(|step| **step == 0).count();
                steps.push(0);
                for step in 0..=given {
                    *steps.last_mut().unwrap() = step;
                    unfinished.push(steps.clone());
                }
                continue;
            }
            count += 1;
            for table in [Table::new(), nearly_wrapped(1), nearly_wrapped(2), nearly_wrapped(3)] {
                assert!(replay(&table, &steps) > 0);
            }
        }
        count
    }

    #[test]
    fn every_short_sequence_finds_what_is_there_and_nothing_else() {
        assert_eq!(all_sequences(6), 203);
        assert_eq!(all_sequences(7), 877);
    }

    #[test]
    #[ignore = "minutes without optimisation: make exhaustive"]
    fn every_sequence_of_ten_finds_what_is_there_and_nothing_else() {
        assert_eq!(all_sequences(10), 115_975);
    }
}
