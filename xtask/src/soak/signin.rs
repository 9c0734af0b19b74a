//! Sign-in under attack, and whether its time tells which names exist.

use crate::client::{Client, spread};
use crate::process;
use crate::rounds::{Context, Report};
use crate::serving::{Served, make_demo_data};
use anyhow::Result;
use std::time::Duration;

pub(super) const ABOUT: &str = "10,000 wrong passwords from 100 loopback addresses: people sign in from where they sat before, attackers are locked out; the time of an answer does not tell a known name from an unknown one.";

const ADDRESSES: u32 = 100;
const OFFICE: &str = "127.0.2.1";
/// Accounts whose names are tried for their time, and how often each: fewer than lock a name.
const PROBES: u32 = 5;
const TRIES: u32 = 40;

pub(super) fn run(context: &Context) -> Result<Report> {
    let attempts = context.rounds(10_000);
    let mut report = Report::new(format!(
        "the demo province on SQLite behind a trusted proxy of the round; {attempts} wrong passwords for ten names, one of them known, from {ADDRESSES} addresses"
    ));
    let data = context.scratch.join("data");
    let sign_in = make_demo_data(&context.binary, &data)?;
    for probe in 0..PROBES {
        let mut weihe = process::command(&context.binary);
        weihe
            .args(["user", "add", &format!("probe{probe}"), "--data"])
            .arg(&data);
        process::output(&mut weihe)?;
    }
    let arguments = ["--trusted-proxy", "127.0.0.1"];
    let served = Served::start_with(&context.binary, &data, &arguments)?;
    compare_times(&served, &mut report)?;

    let office = |report: &mut Report, when: &str| -> Result<()> {
        let mut client = Client::from_address(served.url(), OFFICE);
        let answer = client.try_to_sign_in(&sign_in.user, &sign_in.password)?;
        if answer.status != 303 {
            report.fault(format!(
                "{when}: a right password answered {}",
                answer.status
            ));
        }
        Ok(())
    };
    office(&mut report, "before the attack")?;
    let (mut looked_at, mut locked) = (0_u32, 0_u32);
    for attempt in 0..attempts {
        let address = format!("127.0.1.{}", attempt % ADDRESSES + 1);
        let name = match attempt / ADDRESSES % 10 {
            0 => sign_in.user.clone(),
            other => format!("nobody{other}"),
        };
        let mut attacker = Client::from_address(served.url(), &address);
        match attacker
            .try_to_sign_in(&name, &format!("Guess-{attempt}-abc"))?
            .status
        {
            422 => looked_at += 1,
            429 => locked += 1,
            other => report.fault(format!("a wrong password answered {other}")),
        }
        if attempt % 1_000 == 999 {
            office(&mut report, "during the attack")?;
        }
    }
    office(&mut report, "after the attack")?;
    let mut attacker = Client::from_address(served.url(), "127.0.1.1");
    let status = attacker
        .try_to_sign_in(&sign_in.user, &sign_in.password)?
        .status;
    if status != 429 {
        report.fault(format!(
            "an attacker's address answered {status} to a right password, not 429"
        ));
    }
    report.figure("wrong passwords looked at", looked_at.to_string());
    report.figure("turned away unseen", locked.to_string());
    Ok(report)
}

/// Known and unknown names by turns, each try from an address of its own.
fn compare_times(served: &Served, report: &mut Report) -> Result<()> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for turn in 0..PROBES * TRIES {
        for (kind, times) in [("probe", &mut known), ("ghost", &mut unknown)] {
            let address = format!("127.{}.{}.{}", 10 + turn / 250, turn % 250, kind.len());
            let mut client = Client::from_address(served.url(), &address);
            let name = format!("{kind}{}", turn % PROBES);
            let answer = client.try_to_sign_in(&name, "Wrong-2026-password")?;
            if answer.status != 422 {
                report.fault(format!("a wrong password answered {}", answer.status));
            }
            times.push(answer.took);
        }
    }
    let above = share_above(&known, &unknown);
    // Two hundred of each: by chance it leaves this in one round of a thousand.
    if !(0.4..=0.6).contains(&above) {
        report.fault(format!(
            "a known name takes longer than an unknown one in {:.0} of 100 pairs",
            above * 100.0
        ));
    }
    for (name, times) in [("known name", &mut known), ("unknown name", &mut unknown)] {
        let (median, tail) = spread(times);
        report.figure(name, format!("median {median:.1} ms, p99 {tail:.1} ms"));
    }
    report.figure(
        "pairs in which the known name takes longer",
        format!("{:.1} %", above * 100.0),
    );
    Ok(())
}

/// In which share of all pairs the first takes longer (the statistic of Mann and Whitney).
fn share_above(first: &[Duration], second: &[Duration]) -> f64 {
    let longer: usize = first
        .iter()
        .map(|one| second.iter().filter(|other| one > other).count())
        .sum();
    longer as f64 / (first.len() * second.len()).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_times_are_above_each_other_half_the_time() {
        let millis = |numbers: &[u64]| -> Vec<Duration> {
            numbers.iter().copied().map(Duration::from_millis).collect()
        };
        let share = share_above(&millis(&[1, 4, 5, 8]), &millis(&[2, 3, 6, 7]));
        assert!((share - 0.5).abs() < 1e-9, "{share}");
        let longer = share_above(&millis(&[9, 9]), &millis(&[1, 2]));
        assert!((longer - 1.0).abs() < 1e-9, "{longer}");
    }
}
