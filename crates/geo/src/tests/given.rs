//! Figures that another room gives.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use kernel::UnitId;
use security::Permit;
use standard::Figure;

use super::house::{FENGXIANG, House, WEIBIN};
use crate::pages::figures_json;
use crate::{Geo, UnitFigure, UnitNumber};

struct Given {
    figure: Figure,
    numbers: Vec<UnitNumber>,
    open: bool,
}

impl UnitFigure for Given {
    fn figure(&self) -> &Figure {
        &self.figure
    }

    fn may(&self, _permit: &Permit) -> bool {
        self.open
    }

    fn numbers<'a>(
        &'a self,
        _permit: &'a Permit,
    ) -> BoxFuture<'a, Result<Vec<UnitNumber>, String>> {
        async { Ok(self.numbers.clone()) }.boxed()
    }
}

fn geo_with(house: &House, open: bool) -> Geo {
    let number = |unit: i64, numerator: f64| UnitNumber {
        unit: UnitId::new(unit),
        numerator,
        denominator: 1.0,
    };
    let figure = house.registry.standard().assurance().figures[0].clone();
    let numbers = vec![
        number(house.units[WEIBIN], 4.0),
        number(house.units[FENGXIANG], 1.0),
        number(999_999, 5.0),
    ];
    let given = Given {
        figure,
        numbers,
        open,
    };
    Geo::with_figures(house.registry.clone(), vec![Arc::new(given)])
}

#[tokio::test]
async fn a_figure_of_another_room_colours_the_counties_of_its_units() {
    let house = House::small().await;
    let geo = geo_with(&house, true);
    let address = "/map/figures.json?figure=duties_missing&level=county&within=610300";
    let figures = figures_json::figures(&geo, &house.permit, &house.shell(address))
        .await
        .unwrap();
    assert_eq!(figures.name, "duties_missing");
    let value = |code: &str| figures.values[code].parts.value;
    assert_eq!((value(WEIBIN), value(FENGXIANG)), (Some(4.0), Some(1.0)));
    assert_eq!(
        figures.total.value,
        Some(2.5),
        "the city is the sum of its counties"
    );
    let past = format!("{address}&as_of=2020-01-01");
    let figures = figures_json::figures(&geo, &house.permit, &house.shell(&past))
        .await
        .unwrap();
    assert!(
        figures
            .values
            .values()
            .all(|value| value.parts.value.is_none()),
        "as of now only"
    );
}

#[tokio::test]
async fn to_those_who_may_not_see_it_there_is_no_such_figure() {
    let house = House::small().await;
    let geo = geo_with(&house, false);
    let shell = house.shell("/map/figures.json?figure=duties_missing");
    let figures = figures_json::figures(&geo, &house.permit, &shell)
        .await
        .unwrap();
    assert_ne!(figures.name, "duties_missing");
}
