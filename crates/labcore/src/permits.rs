//! A limit on how many of something exist at once, such as connections.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A fixed number of permits: a semaphore that never blocks.
pub struct Permits {
    max: usize,
    held: AtomicUsize,
}

/// One of the [`Permits`], held until it is dropped.
///
/// The owner of a connection holds its permit too, so that no way of ending the connection forgets to release it.
#[must_use = "a permit that is not held is released at once"]
pub struct Permit<'a> {
    permits: &'a Permits,
}

impl Permits {
    /// Makes `max` permits.
    pub fn new(max: usize) -> Permits {
        Permits { max, held: AtomicUsize::new(0) }
    }

    /// Takes a permit, or returns `None` if all are held.
    pub fn try_acquire(&self) -> Option<Permit<'_>> {
        let one_more = |held| (held < self.max).then_some(held + 1);
        self.held.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more).ok()?;
        Some(Permit { permits: self })
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.permits.held.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::Permits;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    #[test]
    fn gives_out_no_more_than_there_are() {
        let permits = Permits::new(2);
        let first = permits.try_acquire().unwrap();
        let second = permits.try_acquire().unwrap();
        assert!(permits.try_acquire().is_none());
        drop(first);
        let third = permits.try_acquire();
        assert!(third.is_some() && permits.try_acquire().is_none());
        drop((second, third));
        assert!(permits.try_acquire().is_some());
        assert!(Permits::new(0).try_acquire().is_none());
    }

    #[test]
    fn releases_the_permit_of_a_thread_that_panics() {
        let permits = Permits::new(1);
        thread::scope(|scope| {
            let permit = permits.try_acquire();
            let thread = scope.spawn(move || {
                let _permit = permit;
                std::panic::resume_unwind(Box::new(())); // a panic without a message
            });
            assert!(thread.join().is_err());
        });
        assert!(permits.try_acquire().is_some());
    }

    #[test]
    fn counts_across_threads() {
        let (permits, inside, most) = (Permits::new(3), AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let Some(_permit) = permits.try_acquire() else { continue };
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!((1..=3).contains(&most.into_inner()));
        assert_eq!(permits.held.into_inner(), 0);
    }
}
