//! Work on all cores, with results in the order of the work.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::diagnostic::Diagnostic;

/// As large as that of the main thread: a template may include another, which includes another.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Does `work` for 0 to `count`, several at a time, and gives the results in order. After an error
/// nothing new is begun, and the error of the smallest number is given, however the threads ran:
/// whatever stands before it was begun before it.
pub(super) fn side_by_side<R: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<R, Diagnostic> + Sync,
) -> Result<Vec<R>, Diagnostic> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(count));
    let take_turns = || {
        let mut own = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                break;
            }
            let result = work(index);
            if result.is_err() {
                next.store(count, Ordering::Relaxed);
            }
            own.push((index, result));
        }
        if let Ok(mut done) = done.lock() {
            done.extend(own);
        }
    };
    let helpers = thread::available_parallelism().map_or(1, usize::from);
    let helpers = helpers.min(count).saturating_sub(1);
    thread::scope(|scope| {
        for _ in 0..helpers {
            let helper = thread::Builder::new().stack_size(STACK_BYTES);
            // Where no thread can be had, this one does all the work.
            let _ = helper.spawn_scoped(scope, take_turns);
        }
        take_turns();
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_work() {
        let slow_first = |index: usize| {
            let rounds = (100 - index) * 1000;
            std::hint::black_box((0..rounds).sum::<usize>());
            Ok(index)
        };
        let results = side_by_side(100, slow_first).unwrap();
        assert_eq!(results, (0..100).collect::<Vec<_>>());
        assert!(side_by_side(0, |_| Ok(())).unwrap().is_empty());
    }

    #[test]
    fn the_first_of_several_errors_is_told() {
        for _ in 0..50 {
            let fails = |index: usize| match index {
                0..20 => Ok(()),
                _ => Err(Diagnostic::error(format!("number {index}"))),
            };
            let error = side_by_side(100, fails).unwrap_err();
            assert_eq!(error.message(), "number 20");
        }
    }
}
