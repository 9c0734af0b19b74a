//! The one home of randomness (`clippy.toml` bans `getrandom::fill` elsewhere), so that tests can seed it.

use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

/// A source of unpredictable bytes.
pub trait Random: Send + Sync {
    /// Fills `out` whole, or fails and leaves its content of no use.
    ///
    /// # Errors
    /// [`RandomError`] where the operating system refuses, which on Linux happens only before the first boot entropy.
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError>;
}

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes: {0}")]
pub struct RandomError(String);

/// The operating system's generator: the only one that a running program uses.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the home that the ban points to"
        )]
        getrandom::fill(out).map_err(|error| RandomError(error.to_string()))
    }
}

/// A repeatable stream for tests and for demo data: SHA-256 over (seed, counter). Never for a served program.
#[derive(Debug)]
pub struct SeededRandom {
    seed: u64,
    counter: Mutex<u64>,
}

impl SeededRandom {
    /// A stream that is the same for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            counter: Mutex::new(0),
        }
    }
}

impl Random for SeededRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        for chunk in out.chunks_mut(32) {
            let block = {
                let mut counter = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
                *counter = counter.wrapping_add(1);
                Sha256::new()
                    .chain_update(self.seed.to_le_bytes())
                    .chain_update(counter.to_le_bytes())
                    .finalize()
            };
            for (target, source) in chunk.iter_mut().zip(block.iter()) {
                *target = *source;
            }
        }
        Ok(())
    }
}

/// 32 random bytes: the size of a session token.
pub(crate) fn token_bytes(random: &dyn Random) -> Result<[u8; 32], RandomError> {
    let mut bytes = [0_u8; 32];
    random.fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_stream_and_another_seed_another() {
        let draw = |seed| {
            let random = SeededRandom::new(seed);
            let mut out = [0_u8; 70];
            random.fill(&mut out).unwrap();
            out
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn the_system_gives_fresh_bytes() {
        assert_ne!(
            token_bytes(&SystemRandom).unwrap(),
            token_bytes(&SystemRandom).unwrap()
        );
    }
}
