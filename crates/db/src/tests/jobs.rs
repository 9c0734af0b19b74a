//! The queue of long work.

use kernel::Millis;

use crate::jobs::{self, JobState, Progress, Signal};
use crate::migrate;

const KINDS: [&str; 2] = ["import", "export"];
const LEASE: i64 = 1_000;

fn done(done: i64) -> Progress<'static> {
    Progress {
        done,
        total: Some(10),
        message: Some("正在导入"),
    }
}

crate::on_both_engines! {
    async fn a_job_runs_from_queue_to_end(db: Db) {
        migrate(&db, &[jobs::MIGRATION]).await.unwrap();
        let mut tx = db.write().await.unwrap();
        let first = jobs::enqueue(&mut tx, "import", "{\"file\":1}", Millis::new(5)).await.unwrap();
        let second = jobs::enqueue(&mut tx, "export", "", Millis::new(6)).await.unwrap();
        assert_eq!((first, second), (1, 2));
        assert!(jobs::is_waiting(&mut tx, &KINDS, Millis::new(7)).await.unwrap());
        assert!(!jobs::is_waiting(&mut tx, &["other"], Millis::new(7)).await.unwrap());
        assert!(!jobs::is_waiting(&mut tx, &[], Millis::new(7)).await.unwrap());
        let job = jobs::take(&mut tx, "w1", &KINDS, Millis::new(10), LEASE).await.unwrap().unwrap();
        assert_eq!((job.id, job.state, job.attempts), (1, JobState::Running, 1));
        assert_eq!((job.started, job.lease_until), (Some(Millis::new(10)), Some(Millis::new(1_010))));
        let signal = jobs::progress(&mut tx, 1, "w1", &done(3), Millis::new(20), LEASE).await.unwrap();
        assert_eq!(signal, Signal::Continue);
        assert!(jobs::finish(&mut tx, 1, "w1", Some("ok"), Millis::new(30)).await.unwrap());
        assert!(!jobs::finish(&mut tx, 1, "w1", Some("again"), Millis::new(31)).await.unwrap());
        let job = jobs::get(&mut tx, 1).await.unwrap().unwrap();
        assert!(job.state.is_over());
        assert_eq!((job.progress, job.message.as_deref()), ((3, Some(10)), Some("ok")));
        assert_eq!(job.finished, Some(Millis::new(30)));
        let job = jobs::take(&mut tx, "w1", &["export"], Millis::new(40), LEASE).await.unwrap().unwrap();
        assert!(jobs::fail(&mut tx, job.id, "w1", "broken", Millis::new(41)).await.unwrap());
        assert!(jobs::take(&mut tx, "w1", &KINDS, Millis::new(5_000), LEASE).await.unwrap().is_none());
        let states: Vec<JobState> = jobs::newest(&mut tx, 9).await.unwrap().iter().map(|job| job.state).collect();
        assert_eq!(states, [JobState::Failed, JobState::Done]);
        assert!(jobs::get(&mut tx, 99).await.unwrap().is_none());
        tx.commit().await.unwrap();
    }

    async fn a_killed_worker_loses_its_job(db: Db) {
        migrate(&db, &[jobs::MIGRATION]).await.unwrap();
        let mut tx = db.write().await.unwrap();
        jobs::enqueue(&mut tx, "import", "", Millis::new(0)).await.unwrap();
        let take = async |tx: &mut crate::Tx, worker: &str, now| {
            jobs::take(tx, worker, &KINDS, Millis::new(now), LEASE).await.unwrap()
        };
        assert!(take(&mut tx, "w1", 0).await.is_some());
        assert!(take(&mut tx, "w2", 999).await.is_none());
        let job = take(&mut tx, "w2", 1_000).await.unwrap();
        assert_eq!((job.attempts, job.started), (2, Some(Millis::new(0))));
        let signal = jobs::progress(&mut tx, 1, "w1", &done(1), Millis::new(1_001), LEASE).await.unwrap();
        assert_eq!(signal, Signal::Lost);
        assert!(!jobs::finish(&mut tx, 1, "w1", None, Millis::new(1_002)).await.unwrap());
        // As long as it gets on, it may be killed as often as it likes.
        let mut now = 2_000;
        for step in 1..20 {
            assert!(take(&mut tx, "w3", now).await.is_some(), "{step}");
            jobs::progress(&mut tx, 1, "w3", &done(step), Millis::new(now), LEASE).await.unwrap();
            now += LEASE;
        }
        for _ in 1..jobs::MOST_ATTEMPTS {
            assert!(take(&mut tx, "w4", now).await.is_some());
            now += LEASE;
        }
        assert!(take(&mut tx, "w4", now).await.is_none());
        assert_eq!(jobs::get(&mut tx, 1).await.unwrap().unwrap().state, JobState::Failed);
        tx.commit().await.unwrap();
    }

    async fn a_job_is_stopped_when_asked(db: Db) {
        migrate(&db, &[jobs::MIGRATION]).await.unwrap();
        let mut tx = db.write().await.unwrap();
        for _ in 0..2 {
            jobs::enqueue(&mut tx, "import", "", Millis::new(0)).await.unwrap();
        }
        assert!(jobs::request_cancel(&mut tx, 2, Millis::new(3)).await.unwrap());
        assert_eq!(jobs::get(&mut tx, 2).await.unwrap().unwrap().state, JobState::Cancelled);
        assert!(!jobs::request_cancel(&mut tx, 2, Millis::new(4)).await.unwrap());
        jobs::take(&mut tx, "w1", &KINDS, Millis::new(5), LEASE).await.unwrap().unwrap();
        assert!(jobs::request_cancel(&mut tx, 1, Millis::new(6)).await.unwrap());
        let job = jobs::get(&mut tx, 1).await.unwrap().unwrap();
        assert_eq!((job.state, job.finished, job.cancel_requested), (JobState::Running, None, true));
        let signal = jobs::progress(&mut tx, 1, "w1", &done(1), Millis::new(7), LEASE).await.unwrap();
        assert_eq!(signal, Signal::Cancel);
        assert!(jobs::cancelled(&mut tx, 1, "w1", None, Millis::new(8)).await.unwrap());
        let job = jobs::get(&mut tx, 1).await.unwrap().unwrap();
        assert_eq!((job.state, job.message.as_deref()), (JobState::Cancelled, Some("正在导入")));
        tx.commit().await.unwrap();
    }

    async fn no_job_is_taken_twice(place: &TestPlace) {
        let db = place.open("work").await.unwrap();
        migrate(&db, &[jobs::MIGRATION]).await.unwrap();
        let mut tx = db.write().await.unwrap();
        for _ in 0..20 {
            jobs::enqueue(&mut tx, "import", "", Millis::new(0)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut workers = Vec::new();
        for number in 0..4 {
            let db = if number % 2 == 0 { db.clone() } else { place.open("work").await.unwrap() };
            workers.push(tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let mut tx = db.write().await.unwrap();
                    let worker = format!("w{number}");
                    let job = jobs::take(&mut tx, &worker, &KINDS, Millis::new(1), LEASE).await.unwrap();
                    let is_waiting = jobs::is_waiting(&mut tx, &KINDS, Millis::new(1)).await.unwrap();
                    tx.commit().await.unwrap();
                    match job {
                        Some(job) => taken.push(job.id),
                        None if is_waiting => {}
                        None => break,
                    }
                }
                taken
            }));
        }
        let mut all = Vec::new();
        for worker in workers {
            all.extend(worker.await.unwrap());
        }
        all.sort_unstable();
        assert_eq!(all, (1..=20).collect::<Vec<i64>>());
    }
}
