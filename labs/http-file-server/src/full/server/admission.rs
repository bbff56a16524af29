//! How many clients are served at once.

use labcore::{Permit, Permits};

/// Clients that may get the answer "503 Service Unavailable" at once. Further ones are dropped without an answer.
const REJECTED_MAX: usize = 64;

/// How many clients there is room for.
pub struct Capacity {
    served: Permits,
    rejected: Permits,
}

/// A client's place, held until it is dropped.
pub struct Admission<'a> {
    /// Whether there is room to serve the client, and not only to tell it that the server is full.
    pub is_served: bool,
    _permit: Permit<'a>,
}

impl Capacity {
    /// Makes room to serve `served_max` clients at once.
    pub fn new(served_max: usize) -> Capacity {
        Capacity { served: Permits::new(served_max), rejected: Permits::new(REJECTED_MAX) }
    }

    /// Admits a client, or returns `None` if there is not even room to reject it.
    pub fn admit<'a>(&'a self) -> Option<Admission<'a>> {
        let permit = |permits: &'a Permits, is_served| {
            permits.try_acquire().map(|permit| Admission { is_served, _permit: permit })
        };
        permit(&self.served, true).or_else(|| permit(&self.rejected, false))
    }
}

#[cfg(test)]
mod tests {
    use super::{Admission, Capacity, REJECTED_MAX};

    fn is_served(admission: &Option<Admission<'_>>) -> Option<bool> {
        admission.as_ref().map(|admission| admission.is_served)
    }

    #[test]
    fn rejects_what_it_can_not_serve_and_drops_the_rest() {
        let capacity = Capacity::new(1);
        let served = capacity.admit();
        assert_eq!(is_served(&served), Some(true));
        let rejected: Vec<_> = (0..REJECTED_MAX).map(|_| capacity.admit()).collect();
        assert!(rejected.iter().all(|admission| is_served(admission) == Some(false)));
        assert!(capacity.admit().is_none());
        drop(served);
        assert_eq!(is_served(&capacity.admit()), Some(true));
    }
}
