//! Connections as clients make them: over TLS and without, too many of them, and those that read nothing.

use std::fmt::Write as _;
use std::path::Path;

use axum::Extension;
use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use axum::routing::get;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use security::identity::IdentitySettings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version,
};

use super::*;
use crate::{Connections, Settings, TlsSettings};

/// A test that waits longer hangs.
const LONGEST: Duration = Duration::from_secs(30);

fn patience() -> Patience {
    Patience {
        header: Duration::from_millis(300),
        answer_pause: Duration::from_millis(200),
        ..Patience::default()
    }
}

/// The program's connections round a router of the test's own.
struct House {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    taking: JoinHandle<GracefulShutdown>,
    following: JoinSet<()>,
}

impl House {
    async fn open(router: Router, tls: Option<&TlsSettings>, limits: Connections) -> Self {
        Self::open_with(router, tls, limits, patience()).await
    }

    async fn open_with(
        router: Router,
        tls: Option<&TlsSettings>,
        limits: Connections,
        patience: Patience,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tls = tls.map(|settings| Tls::open(settings).unwrap());
        let mut following = JoinSet::new();
        if let Some(tls) = tls.clone() {
            following.spawn(tls.follow());
        }
        let taking = Taking {
            router,
            tls,
            counter: Counter::new(limits, Vec::new()),
            patience,
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let taking = tokio::spawn(taking.until(listener, async move {
            let _ = stopped.await;
        }));
        Self {
            address,
            stop: Some(stop),
            taking,
            following,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn close(mut self) {
        drop(self.stop.take());
        self.following.shutdown().await;
        self.taking.await.unwrap().shutdown().await;
    }
}

/// Sends a request and reads until the other side ends the connection.
async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    tokio::time::timeout(LONGEST, stream.read_to_end(&mut said))
        .await
        .unwrap()
        .unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for a name and its key, both PEM.
fn certificate(authority: &Authority, name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    (certificate.pem(), key.serialize_pem())
}

fn put(folder: &Path, (certificate, key): &(String, String)) -> TlsSettings {
    let settings = TlsSettings {
        look_every: Duration::from_millis(20),
        ..TlsSettings::new(folder.join("cert.pem"), folder.join("key.pem"))
    };
    std::fs::write(&settings.certificate, certificate).unwrap();
    std::fs::write(&settings.key, key).unwrap();
    settings
}

/// A client that trusts an authority, shows a certificate or none, and speaks one version.
async fn greet(
    house: &House,
    trusted: &Authority,
    own: Option<&(String, String)>,
    spoken: &'static SupportedProtocolVersion,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(trusted.pem().as_bytes()).unwrap())
        .unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[spoken])
        .unwrap()
        .with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            )
            .unwrap(),
    };
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, house.connect().await)
        .await
}

fn greeting() -> Router {
    Router::new().route("/", get(async || "你好"))
}

#[tokio::test]
async fn tls_1_3_is_spoken_and_nothing_older() {
    let folder = tempfile::tempdir().unwrap();
    let root = authority("root");
    let settings = put(folder.path(), &certificate(&root, "localhost"));
    let house = House::open(greeting(), Some(&settings), Connections::default()).await;
    let mut stream = greet(&house, &root, None, &version::TLS13).await.unwrap();
    assert_eq!(
        stream.get_ref().1.protocol_version(),
        Some(ProtocolVersion::TLSv1_3)
    );
    let said = ask(&mut stream, "/").await;
    assert!(
        said.starts_with("HTTP/1.1 200") && said.ends_with("你好"),
        "{said}"
    );
    assert!(greet(&house, &root, None, &version::TLS12).await.is_err());
    house.close().await;
}

#[tokio::test]
async fn a_certificate_that_was_changed_is_used_and_one_that_is_broken_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (authority("old"), authority("new"));
    let settings = put(folder.path(), &certificate(&old, "localhost"));
    let house = House::open(greeting(), Some(&settings), Connections::default()).await;
    assert!(greet(&house, &old, None, &version::TLS13).await.is_ok());

    std::fs::write(&settings.certificate, "no certificate at all, yet").unwrap();
    put(folder.path(), &certificate(&new, "localhost"));
    let renewed = async {
        while greet(&house, &new, None, &version::TLS13).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONGEST, renewed).await.unwrap();
    assert!(greet(&house, &old, None, &version::TLS13).await.is_err());
    house.close().await;
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let root = authority("root");
    let mut settings = put(folder.path(), &certificate(&root, "localhost"));
    assert!(Tls::open(&settings).is_ok());
    let (_, other_key) = certificate(&root, "localhost");
    std::fs::write(&settings.key, other_key).unwrap();
    assert!(matches!(Tls::open(&settings), Err(TlsError::Pair(_))));
    std::fs::write(&settings.certificate, "").unwrap();
    let error = Tls::open(&settings).unwrap_err();
    assert!(matches!(error, TlsError::NoCertificate { .. }));
    settings.certificate = folder.path().join("none.pem");
    let error = Tls::open(&settings).unwrap_err().to_string();
    assert!(error.contains("none.pem"), "{error}");
}

/// What an identity service says of itself (OpenID Connect Discovery 1.0 §3), at whatever address it is asked.
async fn about(headers: HeaderMap) -> String {
    let issuer = format!("https://{}", headers[header::HOST].to_str().unwrap());
    let about = serde_json::json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
    });
    about.to_string()
}

/// The public key of RFC 7515 §A.3.
const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"1","use":"sig","alg":"ES256",
    "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

#[tokio::test]
async fn an_identity_service_is_spoken_to_with_a_certificate_of_its_authority_and_name_only() {
    let folder = tempfile::tempdir().unwrap();
    let (right, wrong) = (authority("right"), authority("wrong"));
    let tls = put(folder.path(), &certificate(&right, "localhost"));
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(about))
        .route("/keys", get(async || KEYS));
    let limits = Connections::default();
    let service = House::open_with(router, Some(&tls), limits, Patience::default()).await;
    let port = service.address.port();
    let mut file = "address = \"https://weihe.example\"\n".to_owned();
    for (name, host, trusted) in [
        ("right", "localhost", &right),
        ("wrong", "localhost", &wrong),
        ("named", "127.0.0.1", &right),
    ] {
        std::fs::write(folder.path().join(format!("{name}.pem")), trusted.pem()).unwrap();
        write!(
            file,
            r#"
            [[provider]]
            name = "{name}"
            title = {{ zh = "统一身份认证", en = "Identity service" }}
            issuer = "https://{host}:{port}"
            client_id = "weihe"
            authorities = "{name}.pem"
            "#
        )
        .unwrap();
    }
    let identity = folder.path().join("identity.toml");
    std::fs::write(&identity, file).unwrap();
    let mut settings = Settings::new(folder.path().join("data"));
    settings.security.identity = IdentitySettings::read(&identity).unwrap();
    let app = App::open(settings).await.unwrap();
    let (router, _) = app.router().unwrap();
    for (name, status) in [("right", 303), ("wrong", 503), ("named", 503)] {
        let request = Request::get(format!("/signin/with/{name}"))
            .header(header::ACCEPT, "text/html")
            .body(Body::empty())
            .unwrap();
        let answer = tower::ServiceExt::oneshot(router.clone(), request)
            .await
            .unwrap();
        assert_eq!(answer.status(), status, "{name}");
    }
    app.close().await;
    service.close().await;
}

async fn whose(shown: Option<Extension<ClientCertificate>>) -> String {
    let shown = shown.map(|Extension(shown)| shown.der.len());
    shown.map_or_else(|| "none".to_owned(), |length| format!("of {length}"))
}

#[tokio::test]
async fn a_client_may_show_a_certificate_of_a_known_authority_and_handlers_see_it() {
    let folder = tempfile::tempdir().unwrap();
    let (root, keys, stranger) = (authority("root"), authority("keys"), authority("stranger"));
    let mut settings = put(folder.path(), &certificate(&root, "localhost"));
    let authorities = folder.path().join("authorities.pem");
    std::fs::write(&authorities, keys.pem()).unwrap();
    settings.client_authorities = Some(authorities);
    let router = Router::new().route("/", get(whose));
    let house = House::open(router, Some(&settings), Connections::default()).await;

    let own = certificate(&keys, "ukey");
    let length = CertificateDer::from_pem_slice(own.0.as_bytes())
        .unwrap()
        .len();
    let mut stream = greet(&house, &root, Some(&own), &version::TLS13)
        .await
        .unwrap();
    let said = ask(&mut stream, "/").await;
    assert!(said.ends_with(&format!("of {length}")), "{said}");

    let mut stream = greet(&house, &root, None, &version::TLS13).await.unwrap();
    assert!(ask(&mut stream, "/").await.ends_with("none"));

    let foreign = certificate(&stranger, "ukey");
    // In TLS 1.3 the client hears of the refusal with the first answer only.
    let mut stream = greet(&house, &root, Some(&foreign), &version::TLS13)
        .await
        .unwrap();
    let _ = stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut said = Vec::new();
    assert!(stream.read_to_end(&mut said).await.is_err() && said.is_empty());
    house.close().await;
}

/// An answer without an end, and word of when it was given up.
fn endless() -> (Router, mpsc::UnboundedReceiver<()>) {
    struct Given(mpsc::UnboundedSender<()>);
    impl Drop for Given {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let (given_up, word) = mpsc::unbounded_channel();
    let answer = async move || {
        let given = Given(given_up.clone());
        let parts = futures::stream::repeat_with(move || {
            let _kept = &given;
            Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 65_536]))
        });
        Body::from_stream(parts)
    };
    (Router::new().route("/", get(answer)), word)
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_ended_with_and_without_tls() {
    let folder = tempfile::tempdir().unwrap();
    let root = authority("root");
    let settings = put(folder.path(), &certificate(&root, "localhost"));
    let (router, mut word) = endless();
    let house = House::open(router.clone(), None, Connections::default()).await;
    let mut silent = house.connect().await;
    silent
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    tokio::time::timeout(LONGEST, word.recv())
        .await
        .unwrap()
        .unwrap();
    house.close().await;

    let house = House::open(router, Some(&settings), Connections::default()).await;
    let mut silent = greet(&house, &root, None, &version::TLS13).await.unwrap();
    silent
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    tokio::time::timeout(LONGEST, word.recv())
        .await
        .unwrap()
        .unwrap();
    house.close().await;
}

#[tokio::test]
async fn a_client_that_greets_slowly_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let settings = put(folder.path(), &certificate(&authority("root"), "localhost"));
    let house = House::open(greeting(), Some(&settings), Connections::default()).await;
    let mut silent = house.connect().await;
    let mut said = Vec::new();
    let ended = tokio::time::timeout(LONGEST, silent.read_to_end(&mut said)).await;
    assert!(ended.is_ok() && said.is_empty());
    house.close().await;
}

#[tokio::test]
async fn a_connection_too_many_is_told_so_and_a_place_that_was_given_back_is_taken() {
    let limits = Connections {
        most: 2,
        most_of_address: 2,
    };
    let house = House::open(greeting(), None, limits).await;
    let mut first = house.connect().await;
    let second = house.connect().await;
    let mut third = house.connect().await;
    let mut said = Vec::new();
    let _ = tokio::time::timeout(LONGEST, third.read_to_end(&mut said))
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&said);
    assert!(
        said.starts_with("HTTP/1.1 503") && said.contains("retry-after"),
        "{said}"
    );
    assert!(ask(&mut first, "/").await.starts_with("HTTP/1.1 200"));
    drop((first, second));
    let again = async {
        loop {
            let mut stream = house.connect().await;
            let sent = stream
                .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                .await;
            let mut said = Vec::new();
            let read = stream.read_to_end(&mut said).await;
            if sent.is_ok() && read.is_ok() && said.starts_with(b"HTTP/1.1 200") {
                return;
            }
        }
    };
    tokio::time::timeout(LONGEST, again).await.unwrap();
    house.close().await;
}
