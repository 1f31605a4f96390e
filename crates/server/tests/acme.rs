//! A certificate obtained by itself, from a small authority that speaks ACME (RFC 8555) and proves the name by
//! TLS-ALPN-01 (RFC 8737) against the very door that serves people.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path as At, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use kairan_server::config::{Acme, Tls};
use kairan_server::listen::{Door, Encryption, Stop};
use kairan_server::metrics::Metrics;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData,
    SignatureAlgorithm,
};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;

const DOMAIN: &str = "kairan.example.test";

/// The authority.
struct Authority {
    root: Certificate,
    key: KeyPair,
    url: String,
    /// Where the name leads.
    door: SocketAddr,
    /// What has happened, in order.
    steps: Mutex<Vec<&'static str>>,
    issued: Mutex<Option<String>>,
}

impl Authority {
    fn new(url: String, door: SocketAddr) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let root = params.self_signed(&key).expect("signed");
        Self { root, key, url, door, steps: Mutex::default(), issued: Mutex::default() }
    }

    fn step(&self, step: &'static str) {
        self.steps.lock().expect("no one panics while holding it").push(step);
    }

    fn did(&self, step: &str) -> bool {
        self.steps.lock().expect("no one panics while holding it").contains(&step)
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der().clone()).expect("a certificate");
        roots
    }

    fn order(&self) -> Value {
        let url = &self.url;
        let mut order =
            json!({ "authorizations": [format!("{url}/authz")], "finalize": format!("{url}/finalize") });
        if self.did("issued") {
            order["status"] = "valid".into();
            order["certificate"] = format!("{url}/certificate").into();
        } else {
            order["status"] = if self.did("proven") { "ready" } else { "pending" }.into();
        }
        order
    }

    /// Connects to the name as the RFC says and looks at what is shown.
    async fn prove(&self) {
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows them")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anyone))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"acme-tls/1".to_vec()];
        let tcp = TcpStream::connect(self.door).await.expect("the door is open");
        let name = ServerName::try_from(DOMAIN).expect("a name");
        let stream =
            TlsConnector::from(Arc::new(config)).connect(name, tcp).await.expect("the question is answered");
        let (_, session) = stream.get_ref();
        assert_eq!(session.alpn_protocol(), Some(b"acme-tls/1".as_slice()));
        let shown = &session.peer_certificates().expect("a certificate")[0];
        // id-pe-acmeIdentifier, 1.3.6.1.5.5.7.1.31, in DER.
        let identifier = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1f];
        assert!(shown.windows(identifier.len()).any(|bytes| bytes == identifier), "the proof is in it");
        self.step("proven");
    }

    fn issue(&self, request: &[u8]) {
        let (_, request) = X509CertificationRequest::from_der(request).expect("a request");
        let asked = &request.certification_request_info.subject_pki.subject_public_key;
        let params = CertificateParams::new([DOMAIN.to_owned()]).expect("a name");
        let issued = params.signed_by(&AskedKey(asked.data.to_vec()), &self.root, &self.key).expect("signed");
        *self.issued.lock().expect("no one panics while holding it") = Some(issued.pem() + &self.root.pem());
        self.step("issued");
    }
}

/// The public key of a request, on P-256 as the client makes them.
struct AskedKey(Vec<u8>);

impl PublicKeyData for AskedKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }
    fn algorithm(&self) -> &SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

/// Trusts whatever is shown: the question is not answered with a certificate anybody vouches for.
#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

async fn post_to(
    State(authority): State<Arc<Authority>>,
    At(what): At<String>,
    body: String,
) -> impl IntoResponse {
    let envelope: Value = serde_json::from_str(&body).expect("a JWS");
    let payload =
        BASE64_URL_SAFE_NO_PAD.decode(envelope["payload"].as_str().expect("a payload")).expect("base64url");
    let url = authority.url.clone();
    let (status, body) = match what.as_str() {
        "account" => {
            let account: Value = serde_json::from_slice(&payload).expect("JSON");
            assert_eq!(account["contact"], json!(["mailto:admin@example.test"]));
            (StatusCode::CREATED, json!({ "status": "valid" }).to_string())
        }
        "order" => (StatusCode::CREATED, authority.order().to_string()),
        "authz" => {
            let status = if authority.did("proven") { "valid" } else { "pending" };
            let challenge = json!({ "type": "tls-alpn-01", "url": format!("{url}/challenge"), "token": "a-token", "status": status });
            let identifier = json!({ "type": "dns", "value": DOMAIN });
            (
                StatusCode::OK,
                json!({ "status": status, "identifier": identifier, "challenges": [challenge] }).to_string(),
            )
        }
        "challenge" => {
            authority.prove().await;
            (StatusCode::OK, json!({ "type": "tls-alpn-01", "status": "valid" }).to_string())
        }
        "finalize" => {
            let request: Value = serde_json::from_slice(&payload).expect("JSON");
            authority.issue(
                &BASE64_URL_SAFE_NO_PAD
                    .decode(request["csr"].as_str().expect("a request"))
                    .expect("base64url"),
            );
            (StatusCode::OK, authority.order().to_string())
        }
        "certificate" => {
            let issued = authority.issued.lock().expect("no one panics while holding it").clone();
            (StatusCode::OK, issued.expect("it was issued"))
        }
        other => panic!("nobody asks for {other}"),
    };
    (status, [("location", format!("{url}/{what}")), ("replay-nonce", "a-nonce".to_owned())], body)
}

/// Opens the authority's own HTTPS door.
async fn open(authority: &Arc<Authority>, listener: TcpListener, folder: &Path) {
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(["localhost".to_owned()])
        .and_then(|params| params.signed_by(&key, &authority.root, &authority.key))
        .expect("signed");
    let tls = Tls::Files { certificate: folder.join("ca-web.pem"), key: folder.join("ca-web-key.pem") };
    std::fs::write(folder.join("ca-web.pem"), certificate.pem()).expect("written");
    std::fs::write(folder.join("ca-web-key.pem"), key.serialize_pem()).expect("written");
    std::fs::write(folder.join("authority.pem"), authority.root.pem()).expect("written");
    let url = authority.url.clone();
    let directory = json!({ "newNonce": format!("{url}/nonce"), "newAccount": format!("{url}/account"), "newOrder": format!("{url}/order") });
    let app = Router::new()
        .route("/directory", get(|| async move { Json(directory) }))
        .route("/nonce", get(|| async { [("replay-nonce", "a-nonce")] }))
        .route("/{what}", post(post_to))
        .with_state(authority.clone());
    let encryption = Some(Encryption::start(&tls).expect("a good certificate"));
    let door = Door { listener, encryption, app, connections: 100, metrics: Metrics::new("0") };
    tokio::spawn(door.serve(Stop::default()));
}

async fn handshake(address: SocketAddr, roots: RootCertStore) -> std::io::Result<()> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from(DOMAIN).expect("a name"), tcp)
        .await
        .map(|_| ())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_obtained_proven_served_and_kept() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let web = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let url = format!("https://localhost:{}", web.local_addr().expect("bound").port());
    let authority = Arc::new(Authority::new(url.clone(), address));
    open(&authority, web, folder.path()).await;
    let settings = Acme {
        domains: vec![DOMAIN.to_owned()],
        contact: vec!["admin@example.test".to_owned()],
        directory: format!("{url}/directory"),
        cache: folder.path().join("acme"),
        authority: Some(folder.path().join("authority.pem")),
    };
    let encryption = Encryption::start(&Tls::Acme(settings)).expect("it starts");
    let app = Router::new().route("/", get(|| async { "hello" }));
    let door =
        Door { listener, encryption: Some(encryption), app, connections: 100, metrics: Metrics::new("0") };
    tokio::spawn(door.serve(Stop::default()));
    let mut tries = 0;
    while let Err(error) = handshake(address, authority.roots()).await {
        tries += 1;
        assert!(tries < 200, "no certificate came: {error}; steps: {:?}", authority.steps.lock());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(authority.did("proven") && authority.did("issued"));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(folder.path().join("acme")).expect("made").permissions(),
    );
    assert_eq!(mode & 0o777, 0o700, "the keys are for the server's user only");
    assert!(
        std::fs::read_dir(folder.path().join("acme")).expect("made").count() >= 2,
        "account and certificate are kept"
    );
}
