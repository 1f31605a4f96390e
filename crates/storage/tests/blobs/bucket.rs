//! A server on loopback that speaks S3, checks signatures, and keeps its objects in a folder.

use std::net::Ipv4Addr;
use std::path::Path;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use kairan_storage::blobs::S3;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

const BUCKET: &str = "kairan-files";
const KEY_ID: &str = "the-shop";
const SECRET: &str = "the-shops-secret";

/// Starts it on a free port; it ends with the runtime. The settings that reach it.
pub async fn start(folder: &Path) -> S3 {
    std::fs::create_dir_all(folder.join(BUCKET)).expect("a bucket is a folder");
    let mut service = S3ServiceBuilder::new(FileSystem::new(folder).expect("a folder"));
    service.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
    let service = service.build();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("it listens"));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                // A client that went away is its own affair.
                let _ = server.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    S3 {
        bucket: BUCKET.to_owned(),
        prefix: "branch/one".to_owned(),
        endpoint: Some(endpoint),
        region: "ap-northeast-1".to_owned(),
        key_id: KEY_ID.to_owned(),
        secret: SECRET.to_owned().into(),
    }
}
