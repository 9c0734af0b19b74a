//! Division by zero is unknown, not an error.
//!
//! The engine fails a whole batch when one row divides by zero, and does not promise that
//! `b <> 0 and a / b > 1` looks at `b <> 0` first. A check that one row can stop would leave the
//! other rows unchecked, so `a / b` and `a % b` mean `a / nullif(b, 0)` and `a % nullif(b, 0)`.

use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, lit};

#[derive(Debug)]
pub(crate) struct DivisionByZeroIsUnknown;

impl FunctionRewrite for DivisionByZeroIsUnknown {
    fn name(&self) -> &'static str {
        "division_by_zero_is_unknown"
    }

    fn rewrite(
        &self,
        expr: Expr,
        _schema: &DFSchema,
        _config: &ConfigOptions,
    ) -> Result<Transformed<Expr>> {
        Ok(guarded(expr))
    }
}

/// Guards this node only; applying it twice changes nothing.
pub(crate) fn guarded(expr: Expr) -> Transformed<Expr> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right })
            if matches!(op, Operator::Divide | Operator::Modulo) && may_be_zero(&right) =>
        {
            let nullif = datafusion::functions::core::nullif();
            let divisor = ScalarFunction::new_udf(nullif, vec![*right, lit(0_i64)]);
            let right = Box::new(Expr::ScalarFunction(divisor));
            Transformed::yes(Expr::BinaryExpr(BinaryExpr { left, op, right }))
        }
        other => Transformed::no(other),
    }
}

fn may_be_zero(divisor: &Expr) -> bool {
    match divisor {
        Expr::Literal(ScalarValue::Int64(Some(value)), _) => *value == 0,
        Expr::Literal(ScalarValue::Float64(Some(value)), _) => *value == 0.0,
        Expr::ScalarFunction(call) => call.func.name() != "nullif",
        Expr::Cast(cast) => may_be_zero(&cast.expr),
        _ => true,
    }
}
