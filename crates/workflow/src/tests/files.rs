use super::browser::Browser;
use super::{COUNTY, OTHER_COUNTY, SCHOOL, house};

const DAY: i64 = 86_400_000;
const PDF: &[u8] = b"%PDF-1.7\nthe plain words of the file\n%%EOF\n";

db::on_both_engines! {
    async fn a_file_is_sealed_given_out_as_a_download_and_gone_after_its_time(place: &TestPlace) {
        let house = house(place).await;
        let school = house.person("school", "information_officer", Some(SCHOOL)).await;
        house.person("county", "statistician", Some(COUNTY)).await;
        house.person("stranger", "statistician", Some(OTHER_COUNTY)).await;
        let case = house.begin(&school).await;
        let mut browser = Browser::of(&house, "school").await;
        let sent = browser.upload("/cases/1/files", "证明<script>.html", PDF).await;
        assert_eq!(sent.location(), "/cases/1?done=file");
        let page = browser.get("/cases/1").await.text();
        assert!(page.contains("/cases/1/files/1") && page.contains("证明script.pdf"), "{page}");

        let mut county = Browser::of(&house, "county").await;
        let given = county.get("/cases/1/files/1").await;
        assert_eq!(given.body, PDF);
        assert_eq!(given.header("content-type"), "application/octet-stream");
        assert_eq!(given.header("x-content-type-options"), "nosniff");
        assert!(given.header("content-disposition").starts_with("attachment"));
        assert!(given.header("content-security-policy").contains("sandbox"));
        assert_eq!(given.header("cache-control"), "no-store");
        let mut stranger = Browser::of(&house, "stranger").await;
        for path in ["/cases/1/files/1", "/cases/1/files/2", "/cases/2/files/1", "/cases/1/files/x"] {
            assert_eq!(stranger.get(path).await.status, 404, "{path}");
        }
        assert_eq!(stranger.upload("/cases/1/files", "a.pdf", PDF).await.status, 404);
        assert_eq!(county.get("/cases/1/files/2").await.status, 404);
        let read = house.security.audit_entries(0, 1000).await.unwrap();
        let read: Vec<&str> = read
            .iter()
            .filter(|entry| entry.action.starts_with("case_file"))
            .map(|entry| entry.action.as_str())
            .collect();
        assert_eq!(read, ["case_file", "case_file_read"]);

        // Nothing of it lies in the folder as it was sent.
        let stored: Vec<std::path::PathBuf> = std::fs::read_dir(house.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert_eq!(stored.len(), 1);
        let bytes = std::fs::read(&stored[0]).unwrap();
        let words = b"the plain words";
        assert!(!bytes.windows(words.len()).any(|part| part == words));
        assert!(!stored[0].display().to_string().contains("证明"));
        // A file that was exchanged for another one's does not open.
        std::fs::write(&stored[0], b"\x01something else").unwrap();
        assert_eq!(county.get("/cases/1/files/1").await.status, 500);
        std::fs::write(&stored[0], &bytes).unwrap();

        house.act(&school, case, "withdraw", "").await.unwrap();
        let late = browser.upload("/cases/1/files", "a.pdf", PDF).await;
        assert_eq!(late.status, 422);
        assert_eq!(house.workflow.sweep_files().await.unwrap(), 0);
        house.clock.advance(31 * DAY);
        assert_eq!(house.workflow.sweep_files().await.unwrap(), 1);
        assert_eq!(std::fs::read_dir(house.folder.path()).unwrap().count(), 0);
        assert_eq!(house.workflow.attached(&school.permit, case).await.unwrap(), []);
    }

    async fn a_file_that_the_process_does_not_take_is_refused_in_words(place: &TestPlace) {
        let house = house(place).await;
        let school = house.person("school", "information_officer", Some(SCHOOL)).await;
        house.begin(&school).await;
        let mut browser = Browser::of(&house, "school").await;
        let large = [PDF, &[b' '; 1000], b"%%EOF"].concat();
        for (name, bytes, words) in [
            ("a.pdf", &b""[..], "文件是空的"),
            ("a.pdf", &large[..], "文件太大"),
            ("a.pdf", &b"<html><script>1</script>"[..], "不能识别"),
            ("a.csv", &b"a,b\n1,2\n"[..], "不能识别"),
            ("a.pdf", &b"%PDF-1.7 /JavaScript 1 %%EOF"[..], "宏或脚本"),
        ] {
            let answer = browser.upload("/cases/1/files", name, bytes).await;
            assert_eq!(answer.status, 422, "{name}");
            assert!(answer.text().contains(words), "{name}: {words}: {}", answer.text());
        }
        for _ in 0..2 {
            assert_eq!(browser.upload("/cases/1/files", "a.pdf", PDF).await.status, 303);
        }
        let third = browser.upload("/cases/1/files", "a.pdf", PDF).await;
        assert!(third.status == 422 && third.text().contains("附件数量已满"));
        // Whoever attached it takes it away; its place is free again.
        assert_eq!(browser.post("/cases/1/files/1/remove", &[]).await.location(), "/cases/1");
        assert_eq!(std::fs::read_dir(house.folder.path()).unwrap().count(), 1);
        assert_eq!(browser.upload("/cases/1/files", "a.pdf", PDF).await.status, 303);
        let page = browser.get("/cases/1").await.text();
        assert!(page.contains("移除附件"));
    }
}
