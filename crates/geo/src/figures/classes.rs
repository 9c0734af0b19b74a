//! How values become colours: classes whose borders stand in the legend as they are.

use standard::{Classes as Method, Figure};
use ui::colour;

/// One class.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Class {
    /// The least value; of thresholds the border.
    pub(crate) from: Option<f64>,
    /// The greatest value; of thresholds the border.
    pub(crate) to: Option<f64>,
    /// As it reads.
    pub(crate) label: String,
    /// The colour, `#rrggbb`.
    pub(crate) colour: &'static str,
    /// The class of the stylesheet with that colour.
    pub(crate) fill: &'static str,
}

/// The classes of a map. Values are rounded as they are shown before they are put into one, so that what
/// reads the same has the same colour.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Classes {
    list: Vec<Class>,
    /// A value belongs to the class after the last border that it reaches.
    borders: Vec<f64>,
    decimals: u8,
}

const COLOURS: usize = 5;

impl Classes {
    /// The classes of these values.
    pub(crate) fn new(figure: &Figure, values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values
            .into_iter()
            .map(|value| rounded(value, figure.decimals))
            .collect();
        sorted.sort_by(f64::total_cmp);
        match &figure.classes {
            Method::Quantile { count } => {
                Self::quantiles(&sorted, usize::from(*count), figure.decimals)
            }
            Method::Thresholds { breaks, norm } => Self::thresholds(breaks, *norm, figure.decimals),
        }
    }

    fn quantiles(sorted: &[f64], count: usize, decimals: u8) -> Self {
        let Some(least) = sorted.first() else {
            return Self {
                decimals,
                ..Self::default()
            };
        };
        let count = count.clamp(1, COLOURS);
        let mut borders: Vec<f64> = (1..count)
            .filter_map(|each| sorted.get(each * sorted.len() / count).copied())
            .collect();
        borders.dedup();
        borders.retain(|border| border > least);
        let classes = borders.len() + 1;
        let bounds: Vec<f64> = std::iter::once(*least)
            .chain(borders.iter().copied())
            .collect();
        let list = bounds
            .iter()
            .enumerate()
            .map(|(index, from)| {
                let next = bounds.get(index + 1);
                let within = sorted
                    .iter()
                    .rev()
                    .find(|value| next.is_none_or(|next| *value < next));
                let to = within.copied().unwrap_or(*from);
                let place = spread(index, classes);
                Class {
                    from: Some(*from),
                    to: Some(to),
                    label: range_words(*from, to, decimals),
                    colour: colour::SEQUENTIAL
                        .get(place)
                        .copied()
                        .unwrap_or(colour::MISSING),
                    fill: colour::sequential_class(u8::try_from(place + 1).ok()),
                }
            })
            .collect();
        Self {
            list,
            borders,
            decimals,
        }
    }

    fn thresholds(breaks: &[f64], norm: Option<f64>, decimals: u8) -> Self {
        let count = breaks.len() + 1;
        let list = (0..count)
            .map(|index| {
                let from = index
                    .checked_sub(1)
                    .and_then(|before| breaks.get(before))
                    .copied();
                let to = breaks.get(index).copied();
                let place = spread(index, count);
                let tag = u8::try_from(place + 1).ok();
                let (scale, fill) = match norm {
                    Some(_) => (colour::DIVERGING, colour::diverging_class(tag)),
                    None => (colour::SEQUENTIAL, colour::sequential_class(tag)),
                };
                let shown = |number: f64| ui::format::real(number, usize::from(decimals));
                let label = match (from, to) {
                    (None, Some(to)) => format!("< {}", shown(to)),
                    (Some(from), None) => format!("≥ {}", shown(from)),
                    (Some(from), Some(to)) => format!("{} – < {}", shown(from), shown(to)),
                    (None, None) => "–".to_owned(),
                };
                Class {
                    from,
                    to,
                    label,
                    colour: scale.get(place).copied().unwrap_or(colour::MISSING),
                    fill,
                }
            })
            .collect();
        Self {
            list,
            borders: breaks.to_vec(),
            decimals,
        }
    }

    /// The classes, from the least values up.
    pub(crate) fn list(&self) -> &[Class] {
        &self.list
    }

    /// The place of a value's class, counted from 0.
    pub(crate) fn index(&self, value: f64) -> usize {
        let value = rounded(value, self.decimals);
        self.borders
            .iter()
            .filter(|border| **border <= value)
            .count()
    }

    /// The class of the stylesheet for a value, or for none.
    pub(crate) fn fill(&self, value: Option<f64>) -> &'static str {
        value
            .and_then(|value| self.list.get(self.index(value)))
            .map_or("fill-missing", |class| class.fill)
    }
}

/// Fewer classes than colours take colours far from one another.
fn spread(index: usize, count: usize) -> usize {
    match count {
        0 | 1 => COLOURS / 2,
        _ => index * (COLOURS - 1) / (count - 1),
    }
}

fn rounded(value: f64, decimals: u8) -> f64 {
    let factor = 10_f64.powi(i32::from(decimals));
    (value * factor).round() / factor
}

fn range_words(from: f64, to: f64, decimals: u8) -> String {
    let shown = |number: f64| ui::format::real(number, usize::from(decimals));
    if from < to {
        format!("{}–{}", shown(from), shown(to))
    } else {
        shown(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifths_hold_equal_numbers_and_ties_stay_together() {
        let values: Vec<f64> = (1..=10).map(f64::from).collect();
        let classes = Classes::quantiles(&values, 5, 0);
        let labels: Vec<&str> = classes
            .list()
            .iter()
            .map(|class| class.label.as_str())
            .collect();
        assert_eq!(labels, ["1–2", "3–4", "5–6", "7–8", "9–10"]);
        assert_eq!(classes.index(1.0), 0);
        assert_eq!(classes.index(10.0), 4);
        assert_eq!(classes.fill(None), "fill-missing");
        let tied = Classes::quantiles(&[1.0, 1.0, 1.0, 1.0, 2.0], 5, 0);
        assert_eq!(tied.list().len(), 2);
        assert_eq!(
            (tied.list()[0].fill, tied.list()[1].fill),
            ("fill-seq-1", "fill-seq-5")
        );
        assert_eq!(Classes::quantiles(&[7.0], 5, 1).list()[0].label, "7.0");
        assert!(Classes::quantiles(&[], 5, 1).list().is_empty());
    }

    #[test]
    fn what_reads_the_same_has_the_same_colour() {
        let classes = Classes::quantiles(&[40.0, 41.2, 41.3, 44.0, 50.0], 5, 1);
        assert_eq!(classes.index(41.249), classes.index(41.2));
        assert_eq!(classes.index(41.251), classes.index(41.3));
    }

    #[test]
    fn thresholds_diverge_around_a_norm() {
        let classes = Classes::thresholds(&[40.0, 45.0, 50.0], Some(45.0), 0);
        let labels: Vec<&str> = classes
            .list()
            .iter()
            .map(|class| class.label.as_str())
            .collect();
        assert_eq!(labels, ["< 40", "40 – < 45", "45 – < 50", "≥ 50"]);
        assert_eq!(classes.index(45.0), 2);
        assert_eq!(classes.list()[0].fill, "fill-div-1");
        assert_eq!(classes.list()[3].fill, "fill-div-5");
    }
}
