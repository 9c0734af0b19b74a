use kernel::{Clocks, CommitNumber, Day, UnitId};

use super::house;
use crate::api::{put_units, unit_tree};
use crate::{UnitLife, UnitStretch, UnitTree};

fn life(unit: i64, stretches: &[(i32, Option<i32>, Option<i64>)]) -> UnitLife {
    UnitLife {
        unit: UnitId::new(unit),
        stretches: stretches
            .iter()
            .map(|(from, to, parent)| UnitStretch {
                from: Day::new(*from),
                to: to.map(Day::new),
                parent: parent.map(UnitId::new),
            })
            .collect(),
    }
}

fn below(tree: &UnitTree, unit: i64) -> Vec<i64> {
    tree.subtree(UnitId::new(unit)).map(UnitId::get).collect()
}

db::on_both_engines! {
    async fn the_tree_is_read_at_any_pair_of_clocks(place: &TestPlace) {
        let house = house(place).await;
        let ledger = &house.security.0.ledger;
        let first = [
            life(1, &[(0, None, None)]),
            life(2, &[(0, None, Some(1))]),
            life(3, &[(0, None, Some(2))]),
        ];
        let mut tx = ledger.write().await.unwrap();
        put_units(&mut tx, CommitNumber::new(1), &first, &[]).await.unwrap();
        tx.commit().await.unwrap();

        // Unit 3 moves under 1 on day 100, and a unit comes that says nothing new.
        let second = [
            life(3, &[(0, Some(100), Some(2)), (100, None, Some(1))]),
            life(2, &[(0, None, Some(1))]),
        ];
        let mut tx = ledger.write().await.unwrap();
        put_units(&mut tx, CommitNumber::new(2), &[], &second).await.unwrap();
        tx.commit().await.unwrap();

        let mut tx = ledger.read().await.unwrap();
        let mut at = async |day: i32, commit: i64| {
            let clocks = Clocks {
                as_of: Day::new(day),
                as_known_on: CommitNumber::new(commit),
            };
            let tree = unit_tree(&mut tx, clocks).await.unwrap();
            (below(&tree, 1), below(&tree, 2))
        };
        assert_eq!(at(100, 1).await, (vec![1, 2, 3], vec![2, 3]));
        assert_eq!(at(99, 2).await, (vec![1, 2, 3], vec![2, 3]));
        assert_eq!(at(100, 2).await, (vec![1, 2, 3], vec![2]));
        assert_eq!(at(100, 0).await, (vec![], vec![]));
        let rows = tx
            .fetch_one("SELECT count(*) AS n FROM unit", &[])
            .await
            .unwrap();
        assert_eq!(rows.int("n").unwrap(), 5);
        drop(tx);

        assert_eq!(house.security.units().len(), 0);
        house.security.reload_units().await.unwrap();
        assert_eq!(below(&house.security.units(), 2), [2]);
    }
}
