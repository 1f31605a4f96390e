//! The front door with a real certificate, over a real socket.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use kairan_server::config::Tls;
use kairan_server::listen::{Door, Encryption, Stop};
use kairan_server::metrics::Metrics;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

struct World {
    folder: tempfile::TempDir,
    address: SocketAddr,
    stop: Stop,
    encryption: Encryption,
    metrics: Metrics,
    served: tokio::task::JoinHandle<()>,
}

/// Writes a fresh certificate for localhost and its key; gives what a client must trust.
fn issue(folder: &Path) -> RootCertStore {
    let CertifiedKey { cert, key_pair } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("issued");
    std::fs::write(folder.join("c.pem"), cert.pem()).expect("written");
    std::fs::write(folder.join("k.pem"), key_pair.serialize_pem()).expect("written");
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).expect("a certificate");
    roots
}

fn files(folder: &Path) -> Tls {
    Tls::Files { certificate: folder.join("c.pem"), key: folder.join("k.pem") }
}

async fn world(connections: usize) -> (World, RootCertStore) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let roots = issue(folder.path());
    let encryption = Encryption::start(&files(folder.path())).expect("a good certificate");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let metrics = Metrics::new("0");
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        "slow"
    };
    let door = Door {
        listener,
        encryption: Some(encryption.clone()),
        app: Router::new().route("/", get(|| async { "hello" })).route("/slow", get(slow)),
        connections,
        metrics: metrics.clone(),
    };
    let stop = Stop::default();
    let served = tokio::spawn(door.serve(stop.clone()));
    (World { folder, address, stop, encryption, metrics, served }, roots)
}

async fn connect(
    address: SocketAddr,
    roots: RootCertStore,
    protocols: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let tcp = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from("localhost").expect("a name"), tcp)
        .await
}

async fn ask(stream: &mut TlsStream<TcpStream>, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    answer
}

#[tokio::test]
async fn a_request_over_tls_is_answered_in_the_protocol_that_was_agreed() {
    let (world, roots) = world(10).await;
    let mut stream = connect(world.address, roots.clone(), &[b"http/1.1"]).await.expect("a handshake");
    assert!(ask(&mut stream, "/").await.starts_with("HTTP/1.1 200 OK"));
    let stream = connect(world.address, roots, &[b"h2", b"http/1.1"]).await.expect("a handshake");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
}

#[tokio::test]
async fn a_replaced_certificate_is_served_without_a_restart_and_a_broken_one_is_not() {
    let (world, old) = world(10).await;
    std::fs::write(world.folder.path().join("c.pem"), "not a certificate").expect("written");
    world.encryption.reload();
    tokio::time::sleep(Duration::from_millis(100)).await;
    connect(world.address, old.clone(), &[]).await.expect("the old certificate stays in use");
    let new = issue(world.folder.path());
    world.encryption.reload();
    let mut tries = 0;
    while connect(world.address, new.clone(), &[]).await.is_err() {
        tries += 1;
        assert!(tries < 50, "the new certificate is never served");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    connect(world.address, old, &[]).await.expect_err("the old one is gone");
}

#[tokio::test]
async fn a_stop_lets_the_answer_under_way_finish_and_takes_no_new_one() {
    let (world, roots) = world(10).await;
    let mut stream = connect(world.address, roots.clone(), &[]).await.expect("a handshake");
    let stop = world.stop.clone();
    let answer = tokio::spawn(async move { ask(&mut stream, "/slow").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.now();
    assert!(answer.await.expect("no panic").ends_with("slow"));
    tokio::time::timeout(Duration::from_secs(5), world.served).await.expect("it ends").expect("no panic");
    TcpStream::connect(world.address).await.expect_err("the door is closed");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_until_one_ends() {
    let (world, roots) = world(1).await;
    let first = connect(world.address, roots.clone(), &[]).await.expect("a handshake");
    assert_eq!(world.metrics.connections.get(), 1);
    let waiting =
        tokio::time::timeout(Duration::from_millis(200), connect(world.address, roots.clone(), &[])).await;
    assert!(waiting.is_err(), "there was no place");
    drop(first);
    let mut second = connect(world.address, roots, &[]).await.expect("a place came free");
    assert!(ask(&mut second, "/").await.contains("200 OK"));
}

#[tokio::test]
async fn a_key_that_is_not_the_certificates_never_starts() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    issue(folder.path());
    let other = tempfile::tempdir().expect("a temporary folder");
    issue(other.path());
    std::fs::copy(other.path().join("k.pem"), folder.path().join("k.pem")).expect("copied");
    let error = Encryption::start(&files(folder.path())).err().expect("refused").to_string();
    assert!(error.contains("k.pem"), "{error}");
    std::fs::remove_file(folder.path().join("k.pem")).expect("removed");
    let error = Encryption::start(&files(folder.path())).err().expect("refused").to_string();
    assert!(error.contains("k.pem: cannot be read as PEM"), "{error}");
}
