//! Requests that no well-behaved client sends, byte by byte over a real connection.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::world::Server;

/// Longest wait for anything that must come; far beyond what it takes.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An answer: its status and its body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    /// Bytes of the request's body that could be sent before the answer came.
    pub taken: usize,
}

/// Sends the head, then pieces of a body until the server answers or there are no more.
pub async fn exchange(server: &Server, head: &str, pieces: impl Iterator<Item = Vec<u8>>) -> Answer {
    let stream = TcpStream::connect(server.address).await.expect("it listens");
    let (mut reader, mut writer) = stream.into_split();
    writer.write_all(head.as_bytes()).await.expect("a head is taken");
    let mut answer = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    let mut taken = 0;
    for piece in pieces {
        // Biased to the answer: what is sent after it says nothing.
        let sent = tokio::select! {
            biased;
            read = reader.read(&mut buffer) => { answer.extend_from_slice(&buffer[..read.unwrap_or(0)]); break }
            sent = writer.write_all(&piece) => sent,
        };
        if sent.is_err() {
            break;
        }
        taken += piece.len();
        tokio::task::yield_now().await;
    }
    let rest = async {
        while let Ok(read) = reader.read(&mut buffer).await {
            if read == 0 {
                break;
            }
            answer.extend_from_slice(&buffer[..read]);
        }
    };
    timeout(PATIENCE, rest).await.expect("the server answers and closes");
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text.as_str(), ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    Answer { status, body: serde_json::from_str(body).unwrap_or(Value::Null), taken }
}
