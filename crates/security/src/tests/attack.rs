//! Sign-in under attack, in short form; `cargo xtask soak signin` does it at full size.

use axum::http::StatusCode;

use super::browser::Browser;
use super::flow::{PASSWORD, with_account};
use super::operator;
use crate::NewAccount;
use crate::rules::lockout::Tried;

db::on_both_engines! {
    async fn an_attack_from_many_addresses_locks_attackers_out_and_leaves_people_in(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let people = ["wang", "li", "zhao"];
        for login in people.iter().skip(1) {
            let account = NewAccount {
                login: (*login).to_owned(),
                display: "某".to_owned(),
                password: Some(PASSWORD.to_owned()),
            };
            house.security.create_account(&operator(), account).await.unwrap();
        }
        // Where they sat yesterday: an office with one address.
        for login in people {
            let mut office = Browser::new(&house.security).at("192.0.2.8");
            assert_eq!(office.sign_in(login, PASSWORD).await.status, StatusCode::SEE_OTHER);
        }
        let names = ["wang", "li", "zhao", "admin", "nobody"];
        let (mut refused, mut locked) = (0, 0);
        for turn in 0..500 {
            let address = format!("198.51.100.{}", turn % 10);
            let mut attacker = Browser::new(&house.security).at(&address);
            let name = names[(turn / 10) % names.len()];
            match attacker.sign_in(name, &format!("Guess-{turn}-abc")).await.status {
                StatusCode::UNPROCESSABLE_ENTITY => refused += 1,
                StatusCode::TOO_MANY_REQUESTS => locked += 1,
                other => panic!("{other}"),
            }
        }
        assert!(locked > 150, "{refused} looked at, {locked} not");
        for login in people {
            let mut office = Browser::new(&house.security).at("192.0.2.8");
            assert_eq!(office.sign_in(login, PASSWORD).await.status, StatusCode::SEE_OTHER, "{login}");
        }
        // Known and unknown names are locked alike, and a right password does not help one who guessed.
        let mut late = Browser::new(&house.security).at("198.51.100.1");
        let known = late.sign_in("wang", PASSWORD).await;
        let mut late = Browser::new(&house.security).at("198.51.100.1");
        let unknown = late.sign_in("nobody", PASSWORD).await;
        assert_eq!(known.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(unknown.status, StatusCode::TOO_MANY_REQUESTS);
    }
    async fn nobody_without_a_name_shuts_the_way_of_passkeys_for_others(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        for turn in 0..80 {
            let address = format!("198.51.100.{}", turn % 10);
            let address = address.parse().ok();
            let _ = house.security.count_attempt(None, address).await.unwrap();
        }
        // What came from elsewhere without a name counts for elsewhere only.
        let here = "192.0.2.9".parse().ok();
        let tried = house.security.count_attempt(None, here).await.unwrap();
        assert!(matches!(tried, Tried::Counted(_)));
    }

    async fn an_own_sign_in_takes_no_lock_off_the_address_that_guessed(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let address = "198.51.100.7".parse().ok();
        for turn in 0..29 {
            let guess = format!("nobody{turn}");
            house.security.count_attempt(Some(&guess), address).await.unwrap();
        }
        // The one who comes from an identity service was not counted, and gets nothing back.
        let mut tx = house.security.0.work.write().await.unwrap();
        house.security.forgive(&mut tx, Some("wang"), address, None).await.unwrap();
        tx.commit().await.unwrap();
        house.security.count_attempt(Some("nobody"), address).await.unwrap();
        let next = house.security.count_attempt(Some("other"), address).await.unwrap();
        assert!(matches!(next, Tried::TooMany(_)));
    }

    async fn a_sign_in_of_the_owner_gives_the_guesses_of_others_no_fresh_start(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let mut office = Browser::new(&house.security).at("192.0.2.8");
        assert_eq!(office.sign_in("wang", PASSWORD).await.status, StatusCode::SEE_OTHER);
        let mut looked_at = 0;
        for turn in 0..120 {
            let mut attacker = Browser::new(&house.security).at(&format!("198.51.100.{turn}"));
            let guess = attacker.sign_in("wang", &format!("Guess-{turn}-abc")).await;
            looked_at += i32::from(guess.status == StatusCode::UNPROCESSABLE_ENTITY);
            if turn % 10 == 0 {
                let mut office = Browser::new(&house.security).at("192.0.2.8");
                assert_eq!(office.sign_in("wang", PASSWORD).await.status, StatusCode::SEE_OTHER);
            }
        }
        assert_eq!(looked_at, 50);
    }

    async fn a_known_password_does_not_take_the_lock_off_its_address(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let at = || Browser::new(&house.security).at("198.51.100.7");
        assert_eq!(at().sign_in("wang", PASSWORD).await.status, StatusCode::SEE_OTHER);
        for turn in 0..30 {
            let guessed = at().sign_in(&format!("other{}", turn / 3), "Guess-1-abc").await;
            assert_eq!(guessed.status, StatusCode::UNPROCESSABLE_ENTITY, "{turn}");
        }
        assert_eq!(at().sign_in("other99", "Guess-1-abc").await.status, StatusCode::TOO_MANY_REQUESTS);
        // Who is known there still gets in, and the lock stays for the others.
        assert_eq!(at().sign_in("wang", PASSWORD).await.status, StatusCode::SEE_OTHER);
        assert_eq!(at().sign_in("other99", "Guess-1-abc").await.status, StatusCode::TOO_MANY_REQUESTS);
        house.clock.advance(31_000);
        assert_eq!(at().sign_in("other99", "Guess-1-abc").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
