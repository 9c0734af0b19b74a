//! Sessions of the engine, built once and shared.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::DataFusionError;
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::context::TaskContext;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::registry::FunctionRegistry;
use datafusion::logical_expr::{LogicalPlan, TableSource};
use datafusion::physical_plan::collect;
use datafusion::prelude::SessionConfig;

use crate::builtin::builtin_functions;
use crate::rewrite::DivisionByZeroIsUnknown;
use crate::{ColumnsError, Function, Table};

/// Functions that answer differently each time, or tell about the machine. SQL here must give the
/// same answer for the same rows; a day is passed as a parameter.
const REFUSED_FUNCTIONS: [&str; 14] = [
    "now",
    "current_timestamp",
    "current_date",
    "today",
    "current_time",
    "random",
    "uuid",
    "version",
    "input_file_name",
    "file_row_index",
    "arrow_field",
    "arrow_metadata",
    "with_metadata",
    "get_field",
];

/// What one engine may use. Memory is shared by all statements that run at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes for sorting, grouping and joining, beside the tables themselves.
    pub memory: usize,
    /// Time for one query, or for all checks over one staged table.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 1 << 30,
            time: Duration::from_secs(60),
        }
    }
}

/// A session for small tables (one partition, least planning) and one for large ones.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    small: Session,
    large: Session,
    limits: Limits,
}

/// A session state and what every statement of it shares.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) state: Arc<SessionState>,
    task: Arc<TaskContext>,
    pub(crate) partitions: usize,
}

/// Below this many rows a second partition costs more than it saves.
const SMALL_ROWS: usize = 100_000;

impl Engine {
    fn new(functions: &[Function], limits: Limits) -> Result<Self, ColumnsError> {
        let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(GreedyMemoryPool::new(limits.memory)))
            .with_disk_manager_builder(disk)
            .build_arc()
            .map_err(run_error)?;
        // The engine knows the local file system from the start. Nothing is reachable without it.
        runtime
            .deregister_object_store(ObjectStoreUrl::local_filesystem().as_ref())
            .map_err(run_error)?;
        let session = |partitions| -> Result<Session, ColumnsError> {
            let mut config = SessionConfig::new()
                .with_create_default_catalog_and_schema(false)
                .with_information_schema(false)
                .with_target_partitions(partitions);
            let options = config.options_mut();
            options.optimizer.max_passes = 2;
            let scalars = SessionStateDefaults::default_scalar_functions()
                .into_iter()
                .filter(|function| !REFUSED_FUNCTIONS.contains(&function.name()))
                .chain(builtin_functions().iter().map(Function::registered))
                .chain(functions.iter().map(Function::registered))
                .collect();
            let mut state = SessionStateBuilder::new()
                .with_config(config)
                .with_runtime_env(Arc::clone(&runtime))
                .with_expr_planners(SessionStateDefaults::default_expr_planners())
                .with_scalar_functions(scalars)
                .with_aggregate_functions(SessionStateDefaults::default_aggregate_functions())
                .with_window_functions(SessionStateDefaults::default_window_functions())
                .build();
            state
                .register_function_rewrite(Arc::new(DivisionByZeroIsUnknown))
                .map_err(run_error)?;
            let task = state.task_ctx();
            Ok(Session {
                state: Arc::new(state),
                task,
                partitions,
            })
        };
        Ok(Self {
            small: session(1)?,
            large: session(2)?,
            limits,
        })
    }

    /// The engine with the built-in functions and default limits.
    pub(crate) fn shared() -> Result<Self, ColumnsError> {
        static SHARED: OnceLock<Result<Engine, ColumnsError>> = OnceLock::new();
        SHARED
            .get_or_init(|| Self::new(&[], Limits::default()))
            .clone()
    }

    /// An engine with these functions and limits: the shared one where that will do.
    pub(crate) fn with(functions: &[Function], limits: Limits) -> Result<Self, ColumnsError> {
        if functions.is_empty() && limits == Limits::default() {
            return Self::shared();
        }
        Self::new(functions, limits)
    }

    pub(crate) fn session(&self, rows: usize) -> &Session {
        if rows < SMALL_ROWS {
            &self.small
        } else {
            &self.large
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }
}

impl Session {
    /// Optimises and runs a plan.
    pub(crate) async fn answer(&self, plan: &LogicalPlan) -> Result<Table, ColumnsError> {
        let plan = self
            .state
            .create_physical_plan(plan)
            .await
            .map_err(run_error)?;
        let schema = plan.schema();
        let batches = collect(plan, Arc::clone(&self.task))
            .await
            .map_err(run_error)?;
        Table::of_answer(&schema, &batches)
    }
}

/// Tables by the name under which SQL finds them.
pub(crate) type Sources = HashMap<String, Arc<dyn TableSource>>;

/// Batches as a table that SQL can scan, dealt out to partitions in order.
pub(crate) fn source(
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    partitions: usize,
) -> Result<Arc<dyn TableSource>, ColumnsError> {
    let share = batches.len().div_ceil(partitions).max(1);
    let mut dealt: Vec<Vec<RecordBatch>> = batches.chunks(share).map(<[_]>::to_vec).collect();
    if dealt.is_empty() {
        dealt.push(Vec::new());
    }
    let table = MemTable::try_new(schema, dealt).map_err(run_error)?;
    Ok(provider_as_source(Arc::new(table)))
}

pub(crate) fn run_error(error: DataFusionError) -> ColumnsError {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => {
            ColumnsError::Limit("the statement needs more memory than it may use".to_owned())
        }
        DataFusionError::ArrowError(arrow, _) => ColumnsError::Value(arrow.to_string()),
        DataFusionError::Execution(what) => ColumnsError::Value(what.clone()),
        DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::NotImplemented(_) => ColumnsError::Sql {
            what: error.strip_backtrace(),
            instead: None,
        },
        _ => ColumnsError::Engine(error.strip_backtrace()),
    }
}
