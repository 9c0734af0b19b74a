//! What is made once and asked for often, kept while memory allows.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// A cache bounded in bytes; what was used last stays longest.
#[derive(Debug)]
pub(crate) struct Bounded<K, V> {
    held: Mutex<Held<K, V>>,
    most: usize,
}

#[derive(Debug)]
struct Held<K, V> {
    entries: HashMap<K, Entry<V>>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: Arc<V>,
    bytes: usize,
    used: u64,
}

impl<K: Eq + Hash + Clone, V> Bounded<K, V> {
    /// An empty cache of at most so many bytes; the newest entry is kept in any case.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            held: Mutex::new(Held {
                entries: HashMap::new(),
                bytes: 0,
                uses: 0,
            }),
            most,
        }
    }

    /// What is held under a key.
    pub(crate) fn get(&self, key: &K) -> Option<Arc<V>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.uses += 1;
        let now = held.uses;
        let entry = held.entries.get_mut(key)?;
        entry.used = now;
        Some(Arc::clone(&entry.value))
    }

    /// Keeps a value that takes so many bytes.
    pub(crate) fn put(&self, key: K, value: Arc<V>, bytes: usize) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.uses += 1;
        let used = held.uses;
        if let Some(before) = held.entries.insert(key, Entry { value, bytes, used }) {
            held.bytes -= before.bytes;
        }
        held.bytes += bytes;
        if held.bytes > self.most {
            held.shrink(self.most / 4 * 3);
        }
    }

    /// Bytes held now.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .bytes
    }
}

impl<K: Eq + Hash + Clone, V> Held<K, V> {
    fn shrink(&mut self, to: usize) {
        let mut oldest: Vec<(u64, K)> = self
            .entries
            .iter()
            .map(|(key, entry)| (entry.used, key.clone()))
            .collect();
        oldest.sort_unstable_by_key(|(used, _)| *used);
        // The newest stays, however large it is.
        oldest.pop();
        for (_, key) in oldest {
            if self.bytes <= to {
                return;
            }
            if let Some(gone) = self.entries.remove(&key) {
                self.bytes -= gone.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_used_goes_first_and_the_newest_stays() {
        let cache: Bounded<u8, u8> = Bounded::new(100);
        for key in 0..4 {
            cache.put(key, Arc::new(key), 25);
        }
        assert!(cache.get(&0).is_some());
        cache.put(4, Arc::new(4), 25);
        assert!(cache.get(&0).is_some() && cache.get(&4).is_some());
        assert!(cache.get(&1).is_none() && cache.get(&2).is_none());
        assert_eq!(cache.bytes(), 75);
        cache.put(9, Arc::new(9), 1000);
        assert_eq!(cache.bytes(), 1000);
        cache.put(9, Arc::new(9), 10);
        assert_eq!(cache.bytes(), 10);
    }
}
