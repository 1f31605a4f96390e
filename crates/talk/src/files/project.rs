//! File events, and posts that bring files → `files`, `message_files`, `room_usage`.

use kairan_core::{FileId, RoomId};
use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Stream, Tables, params};

use super::events::{FileAdded, FileFact, PostedFile};
use super::rules::FileState;
use crate::messages::events::MessageFact;

/// Writes the files' tables.
pub struct Files;

impl Projection for Files {
    fn tables(&self) -> &'static [&'static str] {
        &["files", "message_files", "room_usage"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Stream::Room(room) = event.stream else { return Ok(()) };
            if let Some(fact) = FileFact::of(event).transpose()? {
                return match fact {
                    FileFact::Added(added) => add(tables, event, room, added).await,
                    FileFact::Released(released) => {
                        tables
                            .run(
                                "UPDATE files SET state = $2, preview = $3 WHERE id = $1",
                                params![released.file, FileState::Ready.name(), released.preview],
                            )
                            .await
                    }
                    FileFact::Infected(infected) => {
                        set_state(tables, infected.file, FileState::Infected.name()).await
                    }
                    FileFact::Erased(erased) => {
                        weigh_less(tables, room, erased.file).await?;
                        set_state(tables, erased.file, FileState::Erased.name()).await
                    }
                };
            }
            match MessageFact::of(event).transpose()? {
                Some(MessageFact::Posted(posted)) => {
                    for (position, file) in posted.files.iter().enumerate() {
                        let position = i64::try_from(position).unwrap_or(i64::MAX);
                        bring(tables, event, room, posted.message, position, file).await?;
                    }
                    Ok(())
                }
                _ => Ok(()),
            }
        })
    }
}

async fn add(tables: &mut Tables<'_>, event: &Event, room: RoomId, added: FileAdded) -> Result<()> {
    let shape = added.shape;
    let state = if added.scanned { FileState::Ready } else { FileState::Waiting };
    tables
        .run(
            "INSERT INTO files (id, room, seq, at, member, name, size, media, charset, kind, extension, width, height, preview, sha256, secret, state)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
            params![
                added.file,
                room,
                event.seq,
                event.at,
                event.actor.member(),
                added.name.id,
                shape.size,
                shape.media,
                added.charset,
                shape.kind.name(),
                shape.extension,
                shape.width,
                shape.height,
                shape.preview,
                added.sha256,
                added.key,
                state.name()
            ],
        )
        .await?;
    tables
        .run(
            "INSERT INTO room_usage (room, member, bytes) VALUES ($1, $2, $3)
             ON CONFLICT (room, member) DO UPDATE SET bytes = room_usage.bytes + excluded.bytes",
            params![room, event.actor.member(), shape.size],
        )
        .await
}

async fn bring(
    tables: &mut Tables<'_>,
    event: &Event,
    room: RoomId,
    message: kairan_core::MessageId,
    position: i64,
    file: &PostedFile,
) -> Result<()> {
    tables
        .run(
            "INSERT INTO message_files (message, position, file, room, seq, name) VALUES ($1, $2, $3, $4, $5, $6)",
            params![message, position, file.file, room, event.seq, file.name.id],
        )
        .await?;
    tables.run("UPDATE files SET message = $2 WHERE id = $1", params![file.file, message]).await
}

async fn set_state(tables: &mut Tables<'_>, file: FileId, state: &'static str) -> Result<()> {
    tables.run("UPDATE files SET state = $2 WHERE id = $1", params![file, state]).await
}

/// Takes its weight from whoever uploaded it; once, however often it is erased.
async fn weigh_less(tables: &mut Tables<'_>, room: RoomId, file: FileId) -> Result<()> {
    tables
        .run(
            "UPDATE room_usage SET bytes = bytes - (SELECT f.size FROM files f WHERE f.id = $2)
             WHERE room = $1 AND member = (SELECT f.member FROM files f WHERE f.id = $2 AND f.state <> 'erased')",
            params![room, file],
        )
        .await
}
