//! The threads that plan and run SQL, apart from those that serve requests.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::ColumnsError;

/// Planning walks expressions recursively, and the planner bounds their depth to what fits here.
/// The system hands out pages only where a stack reaches.
const STACK_BYTES: usize = 128 * 1024 * 1024;

static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();

/// How many threads compute at the same time.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// Runs a future on the compute threads. Dropping the returned future, or the end of its time,
/// cancels the work where it next yields; the caller does not wait for that.
pub(crate) async fn run<T: Send + 'static>(
    time: Duration,
    work: impl Future<Output = Result<T, ColumnsError>> + Send + 'static,
) -> Result<T, ColumnsError> {
    let runtime = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(threads())
            .thread_name("columns")
            .thread_stack_size(STACK_BYTES)
            .enable_time()
            .build()
            .map_err(|error| error.to_string())
    });
    let runtime = runtime
        .as_ref()
        .map_err(|error| ColumnsError::Engine(error.clone()))?;
    let mut tasks = JoinSet::new();
    tasks.spawn_on(work, runtime.handle());
    let sleeping = {
        // The timer of the compute threads: the caller's runtime may have none.
        let _inside = runtime.handle().enter();
        tokio::time::sleep(time)
    };
    tokio::select! {
        joined = tasks.join_next() => match joined {
            Some(Ok(answer)) => answer,
            Some(Err(error)) => Err(ColumnsError::Engine(error.to_string())),
            None => Err(ColumnsError::Engine("the work was cancelled".to_owned())),
        },
        () = sleeping => {
            let what = format!("the work took longer than {} s", time.as_secs_f32());
            Err(ColumnsError::Limit(what))
        }
    }
}

/// Runs the same work on several threads with deep stacks, and gives what each found.
pub(crate) fn side_by_side<T: Send>(
    count: usize,
    work: impl Fn() -> T + Sync,
) -> Result<Vec<T>, ColumnsError> {
    std::thread::scope(|scope| {
        let mut threads = Vec::with_capacity(count);
        for _ in 0..count {
            let builder = std::thread::Builder::new()
                .name("columns".to_owned())
                .stack_size(STACK_BYTES);
            let thread = builder
                .spawn_scoped(scope, &work)
                .map_err(|error| ColumnsError::Engine(error.to_string()))?;
            threads.push(thread);
        }
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .map_err(|_| ColumnsError::Engine("a thread panicked".to_owned()))
            })
            .collect()
    })
}
