//! From SQL text to a plan, with nothing in reach but the tables that were given.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{
    DFSchema, DataFusionError, Result, SchemaError, TableReference, plan_err,
};
use datafusion::config::ConfigOptions;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner};
use datafusion::logical_expr::{
    AggregateUDF, Expr, ExprSchemable, HigherOrderUDF, LogicalPlan, ScalarUDF, TableSource,
    WindowUDF,
};
use datafusion::optimizer::simplify_expressions::{ExprSimplifier, SimplifyContext};
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::planner::{PlannerContext, SqlToRel};
use datafusion::sql::sqlparser::ast::{SetExpr, Statement as SqlStatement};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::engine::Sources;
use crate::error::{Fault, nearest};
use crate::rewrite::guarded;

/// Longer texts are not written by people.
const MAX_SQL_BYTES: usize = 64 * 1024;
/// How many operators and keywords one text may have.
const MAX_NESTING: usize = 1_000;

/// What SQL may name: these tables, and the functions of this session.
pub(crate) struct Planner<'a> {
    names: Names<'a>,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(state: &'a SessionState, tables: &'a Sources) -> Self {
        Self {
            names: Names {
                state,
                tables,
                misses: RefCell::default(),
            },
        }
    }

    /// Plans one `SELECT`.
    pub(crate) fn select(&self, sql: &str) -> std::result::Result<LogicalPlan, Fault> {
        check_size(sql)?;
        let mut statements = DFParser::parse_sql(sql).map_err(|error| self.fault(&error))?;
        let (Some(statement), true) = (statements.pop_front(), statements.is_empty()) else {
            return Err(Fault::new("one statement is expected"));
        };
        match &statement {
            Statement::Statement(inner) => match inner.as_ref() {
                SqlStatement::Query(query) if is_reading(&query.body) => {}
                _ => return Err(only_select()),
            },
            _ => return Err(only_select()),
        }
        let plan = SqlToRel::new(&self.names)
            .statement_to_plan(statement)
            .map_err(|error| self.fault(&error))?;
        SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false)
            .verify_plan(&plan)
            .map_err(|_| only_select())?;
        Ok(plan)
    }

    /// Compiles one boolean expression over the columns of a row.
    pub(crate) fn predicate(
        &self,
        sql: &str,
        row: &DFSchema,
    ) -> std::result::Result<Arc<dyn PhysicalExpr>, Fault> {
        check_size(sql)?;
        let parsed = DFParser::parse_sql_into_expr(sql).map_err(|error| self.fault(&error))?;
        let expr = SqlToRel::new(&self.names)
            .sql_to_expr(parsed.expr, row, &mut PlannerContext::new())
            .map_err(|error| self.fault(&error))?;
        refuse_more_than_a_row(&expr)?;
        self.compile(expr, row)
            .map_err(|error| self.fault(&error))?
            .ok_or_else(|| Fault::new("a row check must be true or false: compare with something"))
    }

    /// Nothing if the expression is not boolean.
    fn compile(&self, expr: Expr, row: &DFSchema) -> Result<Option<Arc<dyn PhysicalExpr>>> {
        let state = self.names.state;
        let expr = expr.transform_up(|node| Ok(guarded(node)))?.data;
        let context = SimplifyContext::builder()
            .with_schema(Arc::new(row.clone()))
            .with_config_options(Arc::clone(state.config_options()))
            .build();
        let simplifier = ExprSimplifier::new(context);
        let expr = simplifier.coerce(expr, row)?;
        if expr.get_type(row)? != DataType::Boolean {
            return Ok(None);
        }
        let expr = simplifier.simplify(expr)?;
        let expr = simplifier.coerce(expr, row)?;
        // Not the session's own way to do this, which would apply the rewrites a second time.
        let context = PhysicalPlanningContext::default();
        create_physical_expr(&expr, row, state.execution_props(), &context).map(Some)
    }

    /// Says what is wrong in words of the definitions, with the nearest known name.
    pub(crate) fn fault(&self, error: &DataFusionError) -> Fault {
        let root = error.find_root();
        match root {
            DataFusionError::SchemaError(schema, _) => {
                if let Some(fault) = column_fault(schema) {
                    return fault;
                }
            }
            DataFusionError::SQL(parser, _) => {
                return Fault::new(format!("cannot be read as SQL: {parser}"));
            }
            _ => {}
        }
        let misses = self.names.misses.borrow();
        if let Some(table) = &misses.table {
            return Fault {
                what: format!("unknown table `{table}`"),
                instead: nearest(table, self.names.tables.keys().map(String::as_str)),
            };
        }
        let text = root.message();
        if let Some(function) = &misses.function
            && text.starts_with("Invalid function")
        {
            let known = self.names.functions();
            return Fault {
                what: format!("unknown function `{function}`"),
                instead: nearest(function, known.iter().map(String::as_str)),
            };
        }
        Fault::new(text.lines().next().unwrap_or("cannot be planned"))
    }
}

/// Each operator or keyword can nest the ones after it one level deeper, and every level costs
/// stack. A list of values is flat, so values and commas do not count.
fn check_size(sql: &str) -> std::result::Result<(), Fault> {
    if sql.len() > MAX_SQL_BYTES {
        return Err(Fault::new(format!(
            "the text is longer than {MAX_SQL_BYTES} bytes"
        )));
    }
    let tokens = Tokenizer::new(&GenericDialect {}, sql)
        .tokenize()
        .map_err(|error| Fault::new(format!("cannot be read as SQL: {error}")))?;
    let nesting = tokens.iter().filter(|token| match token {
        Token::Word(word) => word.keyword != Keyword::NoKeyword,
        Token::Whitespace(_)
        | Token::Comma
        | Token::Period
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::Placeholder(_) => false,
        _ => true,
    });
    if nesting.count() > MAX_NESTING {
        return Err(Fault::new(format!(
            "more than {MAX_NESTING} operators and keywords"
        )));
    }
    Ok(())
}

fn only_select() -> Fault {
    Fault::new("only SELECT is allowed here")
}

/// A query body that neither writes nor creates, at its top; the plan is verified as a whole.
fn is_reading(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => select.into.is_none(),
        SetExpr::Query(query) => is_reading(&query.body),
        SetExpr::SetOperation { left, right, .. } => is_reading(left) && is_reading(right),
        SetExpr::Values(_) | SetExpr::Table(_) => true,
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => false,
    }
}

fn refuse_more_than_a_row(expr: &Expr) -> std::result::Result<(), Fault> {
    let mut fault = None;
    let walked = expr.apply(|node| {
        let reason = match node {
            Expr::Exists(_)
            | Expr::InSubquery(_)
            | Expr::ScalarSubquery(_)
            | Expr::SetComparison(_)
            | Expr::AggregateFunction(_)
            | Expr::WindowFunction(_) => "a row check sees one row: write a set check instead",
            Expr::Placeholder(_) => "a check has no parameters",
            _ => return Ok(TreeNodeRecursion::Continue),
        };
        fault = Some(Fault::new(reason));
        Ok(TreeNodeRecursion::Stop)
    });
    match (walked, fault) {
        (_, Some(fault)) => Err(fault),
        (Err(error), None) => Err(Fault::new(error.strip_backtrace())),
        (Ok(_), None) => Ok(()),
    }
}

fn column_fault(error: &SchemaError) -> Option<Fault> {
    match error {
        SchemaError::FieldNotFound {
            field,
            valid_fields,
        } => {
            let qualifiers: HashSet<&str> = valid_fields
                .iter()
                .filter_map(|column| column.relation.as_ref())
                .map(TableReference::table)
                .collect();
            let foreign = field.relation.as_ref().map(TableReference::table);
            if let Some(table) = foreign.filter(|table| !qualifiers.contains(table)) {
                return Some(Fault {
                    what: format!("no table `{table}` for column `{table}.{}`", field.name),
                    instead: nearest(table, qualifiers.into_iter()),
                });
            }
            Some(Fault {
                what: format!("unknown column `{}`", field.name),
                instead: nearest(
                    &field.name,
                    valid_fields
                        .iter()
                        .filter(|column| foreign.is_none() || column.relation == field.relation)
                        .map(|column| column.name.as_str()),
                ),
            })
        }
        SchemaError::AmbiguousReference { field } => Some(Fault::new(format!(
            "column `{}` is in more than one table: put the table before it",
            field.name
        ))),
        SchemaError::DuplicateQualifiedField { name, .. }
        | SchemaError::DuplicateUnqualifiedField { name } => Some(Fault::new(format!(
            "two columns are called `{name}`: give one an alias"
        ))),
    }
}

/// Resolves the names in an SQL text, and remembers those that it did not find.
struct Names<'a> {
    state: &'a SessionState,
    tables: &'a Sources,
    misses: RefCell<Misses>,
}

#[derive(Default)]
struct Misses {
    table: Option<String>,
    function: Option<String>,
}

impl Names<'_> {
    fn functions(&self) -> Vec<String> {
        [self.udf_names(), self.udaf_names(), self.udwf_names()].concat()
    }
}

impl ContextProvider for Names<'_> {
    fn get_table_source(&self, name: TableReference) -> Result<Arc<dyn TableSource>> {
        let found = match &name {
            TableReference::Bare { table } => self.tables.get(table.as_ref()),
            TableReference::Partial { .. } | TableReference::Full { .. } => None,
        };
        if let Some(source) = found {
            return Ok(Arc::clone(source));
        }
        self.misses
            .borrow_mut()
            .table
            .get_or_insert(name.to_string());
        plan_err!("unknown table")
    }

    fn get_table_function_source(
        &self,
        name: &str,
        _args: Vec<Expr>,
    ) -> Result<Arc<dyn TableSource>> {
        self.misses
            .borrow_mut()
            .table
            .get_or_insert(format!("{name}()"));
        plan_err!("unknown table function")
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        self.state.expr_planners()
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        let found = self.state.scalar_functions().get(name).cloned();
        let known = found.is_some()
            || self.state.aggregate_functions().contains_key(name)
            || self.state.window_functions().contains_key(name);
        if !known {
            self.misses.borrow_mut().function = Some(name.to_owned());
        }
        found
    }

    fn get_higher_order_meta(&self, _name: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.state.aggregate_functions().get(name).cloned()
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.state.window_functions().get(name).cloned()
    }

    fn get_variable_type(&self, _variable_names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.state.config_options()
    }

    fn udf_names(&self) -> Vec<String> {
        self.state.scalar_functions().keys().cloned().collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        self.state.aggregate_functions().keys().cloned().collect()
    }

    fn udwf_names(&self) -> Vec<String> {
        self.state.window_functions().keys().cloned().collect()
    }
}
