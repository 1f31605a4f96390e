//! Files through their routes: the life of a file, on both engines.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::http::Request;
use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use kairan_core::time::DAY;
use kairan_core::{FileId, RoomId};
use kairan_people::testing::{ORIGIN, Person, Reply};
use kairan_talk::files::jobs;
use kairan_talk::files::scan::{Scanner, Verdict};
use serde_json::{Value, json};

use crate::support::{Organisation, in_organisations, in_scanned_organisations};

/// The smallest GIF a browser shows.
const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
/// Bytes of a part.
pub const PART: usize = 4 * 1024 * 1024;

impl Organisation {
    fn file_id(&self) -> FileId {
        self.base.store.surroundings().id()
    }

    pub async fn open(&self, person: &Person, room: RoomId, name: &str, size: usize) -> (FileId, Reply) {
        let file = self.file_id();
        let new = json!({"room": room, "name": name, "size": size});
        (file, self.put(person, &format!("/uploads/{file}"), &new).await)
    }

    pub async fn part(&self, person: &Person, file: FileId, n: usize, bytes: &[u8]) -> Reply {
        self.put_bytes(person, &format!("/uploads/{file}/parts/{n}"), bytes.to_vec()).await
    }

    async fn finish(&self, person: &Person, file: FileId) -> Reply {
        self.post(person, &format!("/uploads/{file}/finish"), &Value::Null).await
    }

    /// Uploads every part and asks to finish.
    async fn try_upload(&self, person: &Person, room: RoomId, name: &str, bytes: &[u8]) -> (FileId, Reply) {
        let (file, opened) = self.open(person, room, name, bytes.len()).await;
        opened.expect(201);
        for (n, part) in bytes.chunks(PART).enumerate() {
            self.part(person, file, n, part).await.expect(204);
        }
        (file, self.finish(person, file).await)
    }

    pub async fn upload(&self, person: &Person, room: RoomId, name: &str, bytes: &[u8]) -> FileId {
        let (file, finished) = self.try_upload(person, room, name, bytes).await;
        finished.expect(201);
        file
    }

    pub async fn send(&self, person: &Person, room: RoomId, files: &[FileId]) -> Value {
        self.try_say(person, room, &json!({"text": "", "files": files})).await.expect(201)
    }

    /// The link to a file's bytes.
    pub async fn link(&self, person: &Person, file: FileId, how: &str) -> String {
        let opened = self.post(person, &format!("/files/{file}/open"), &json!({ "how": how })).await;
        opened.expect(200)["url"].as_str().expect("a link").to_owned()
    }

    /// GET with headers of its own.
    async fn fetch(&self, person: &Person, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request =
            Request::get(format!("/api/v1{path}")).header("origin", ORIGIN).header("cookie", &person.cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.raw(request.body(Body::empty()).expect("a request")).await
    }

    /// GET, or a range of it.
    pub async fn ranged(&self, person: &Person, path: &str, range: Option<&str>) -> Reply {
        let headers: Vec<_> = range.into_iter().map(|range| ("range", range)).collect();
        self.fetch(person, path, &headers).await
    }

    async fn download(&self, person: &Person, file: FileId) -> Vec<u8> {
        let link = self.link(person, file, "download").await;
        let reply = self.get(person, &link).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.bytes
    }

    /// Objects in the store of bytes.
    async fn pieces(&self) -> usize {
        self.files.blobs.pieces().try_collect::<Vec<_>>().await.expect("the store lists").len()
    }

    async fn used(&self, person: &Person) -> i64 {
        self.get(person, "/usage").await.expect(200)["member"]["used"].as_i64().expect("bytes")
    }

    async fn quota(&self, files: Value) {
        let mut settings = self.get(&self.owner, "/organisation/settings").await.expect(200);
        settings["mail"].as_object_mut().expect("an object").remove("possible");
        settings["files"] = files;
        self.put(&self.owner, "/organisation/settings", &settings).await.expect(200);
    }
}

fn header<'r>(reply: &'r Reply, name: &str) -> &'r str {
    reply.headers.get(name).map_or("", |value| value.to_str().expect("text"))
}

/// R48: a line that is lost, parts in any order and twice, and the bytes are what was sent; finishing twice is once.
#[tokio::test]
async fn a_file_sent_in_parts_arrives_whole() {
    in_organisations(async |o| {
        let other = o.member("受取 人").await;
        let room = o.room(&o.owner, &[&other]).await;
        let bytes: Vec<u8> = (0..2 * PART + 12_345).map(|at| (at * 31 % 251) as u8 | 0x80).collect();
        let (file, opened) = o.open(&o.owner, room, "帳簿.dat", bytes.len()).await;
        assert_eq!(opened.expect(201)["received"], json!([]));
        assert_eq!(o.used(&o.owner).await, bytes.len() as i64, "an upload under way counts");
        let part = |n: usize| &bytes[n * PART..bytes.len().min((n + 1) * PART)];
        o.part(&o.owner, file, 2, part(2)).await.expect(204);
        o.finish(&o.owner, file).await.refused(409, "upload.incomplete");
        o.part(&o.owner, file, 0, part(0)).await.expect(204);
        o.part(&o.owner, file, 0, part(0)).await.expect(204);
        o.part(&o.owner, file, 1, &part(1)[1..]).await.refused(422, "upload.part_length");
        o.part(&o.owner, file, 3, &[0]).await.refused(404, "not_found");
        o.part(&other, file, 1, part(1)).await.refused(404, "not_found");
        let progress = o.get(&o.owner, &format!("/uploads/{file}")).await.expect(200);
        assert_eq!((&progress["received"], &progress["state"]), (&json!([0, 2]), &json!("open")));
        let again = json!({"room": room, "name": "帳簿.dat", "size": bytes.len()});
        o.put(&o.owner, &format!("/uploads/{file}"), &again).await.expect(200);
        o.put(&other, &format!("/uploads/{file}"), &again).await.refused(409, "file.id_taken");
        o.part(&o.owner, file, 1, part(1)).await.expect(204);
        let (one, two) = tokio::join!(o.finish(&o.owner, file), o.finish(&o.owner, file));
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 201]);
        o.part(&o.owner, file, 1, part(1)).await.refused(409, "upload.done");
        assert_eq!(o.get(&o.owner, &format!("/uploads/{file}")).await.expect(200)["state"], "done");
        let missing = |reply: Reply| reply.refused(404, "not_found");
        missing(o.get(&other, &format!("/files/{file}")).await); // not before it is posted
        let said = o.send(&o.owner, room, &[file]).await;
        assert_eq!((&said["files"][0]["name"], &said["text"]), (&json!("帳簿.dat"), &json!("")));
        assert_eq!(o.download(&other, file).await, bytes);
        assert_eq!(o.used(&o.owner).await, bytes.len() as i64);
    })
    .await;
}

/// R48, R47, R43, R46: a refusal leaves nothing, neither bytes nor weight.
#[tokio::test]
async fn what_is_refused_leaves_nothing() {
    in_organisations(async |o| {
        let room = o.room(&o.owner, &[]).await;
        for (name, code) in [
            ("../a.txt", "file.name_path"),
            ("請求書\u{202e}fdp.exe", "file.name_characters"),
            ("", "file.name_empty"),
        ] {
            o.open(&o.owner, room, name, 4).await.1.refused(422, code);
        }
        o.open(&o.owner, room, "a.txt", 0).await.1.refused(422, "file.empty");
        o.open(&o.owner, o.room_id(), "a.txt", 4).await.1.refused(404, "not_found");
        let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        for word in [10_000_u32, 6_000] {
            bomb.extend(word.to_be_bytes());
        }
        bomb.extend(b"\x08\x02\0\0\0\0\0\0\0\0\0\0\0IEND\xae\x42\x60\x82");
        for (name, bytes, status, code) in [
            (
                "写真.pdf",
                &b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9"[..],
                415,
                "file.type_mismatch",
            ),
            ("大きい.png", &bomb, 422, "file.picture_too_large"),
        ] {
            let (file, refused) = o.try_upload(&o.owner, room, name, bytes).await;
            refused.refused(status, code);
            o.get(&o.owner, &format!("/uploads/{file}")).await.refused(404, "not_found");
        }
        o.quota(json!({"largest": 2 << 20, "per_member": 3 << 20, "total": null})).await;
        o.open(&o.owner, room, "a.dat", 2 << 21).await.1.refused(413, "file.too_large");
        let (first, opened) = o.open(&o.owner, room, "a.dat", 2 << 20).await;
        opened.expect(201);
        let full = o.open(&o.owner, room, "b.dat", 2 << 20).await.1;
        full.refused(413, "quota.member_full");
        assert_eq!(full.body["facts"], json!({"limit": 3 << 20, "used": 2 << 20}));
        o.part(&o.owner, first, 0, &vec![0xff; 2 << 20]).await.expect(204);
        assert_eq!(o.pieces().await, 1);
        o.delete(&o.owner, &format!("/uploads/{first}")).await.expect(204);
        o.quota(json!({"largest": 2 << 20, "per_member": null, "total": 3 << 20})).await;
        o.open(&o.owner, room, "a.dat", 2 << 20).await.1.expect(201);
        o.open(&o.owner, room, "b.dat", 2 << 20).await.1.refused(413, "quota.organisation_full");
        assert_eq!(o.pieces().await, 0, "nothing of it is left");
    })
    .await;
}

/// R45: what the camera said of the place is gone for everybody, the uploader too.
#[tokio::test]
async fn a_photograph_does_not_tell_where_it_was_made() {
    in_organisations(async |o| {
        let other = o.member("受取 人").await;
        let room = o.room(&o.owner, &[&other]).await;
        let mut photo = b"\xff\xd8".to_vec();
        let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\0GPS 35.6812N 139.7671E";
        photo.extend(b"\xff\xe1");
        photo.extend(u16::try_from(exif.len() + 2).expect("short").to_be_bytes());
        photo.extend(exif);
        photo.extend(PICTURE);
        let file = o.upload(&o.owner, room, "写真.jpg", &photo).await;
        let before = o.download(&o.owner, file).await;
        o.send(&o.owner, room, &[file]).await;
        let received = o.download(&other, file).await;
        assert_eq!(received, before);
        assert!(!received.windows(3).any(|word| word == b"GPS"), "{received:?}");
        assert!(received.starts_with(b"\xff\xd8"));
        assert_eq!(o.get(&o.owner, "/usage").await.expect(200)["member"]["used"], received.len());
    })
    .await;
}

/// The rest of a JPEG of 1 × 1: frame header and an end.
const PICTURE: &[u8] =
    b"\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0?\0\xd2\xcf\xff\xd9";

/// R25: whoever is removed loses links, thumbnails and tickets at once; what is deleted is served to nobody.
#[tokio::test]
async fn a_file_goes_with_the_right_to_see_its_message() {
    in_organisations(async |o| {
        let gone = o.member("去年 去").await;
        let late = o.member("後藤 遅").await;
        let room = o.room_of(&o.owner, &[&gone], json!({"kind": "group", "history": "from_join"})).await;
        let file = o.upload(&o.owner, room, "点.gif", GIF).await;
        let said = o.send(&o.owner, room, &[file]).await;
        let link = o.link(&gone, file, "view").await;
        o.get(&gone, &link).await.expect(200);
        o.get(&o.owner, &link).await.refused(404, "not_found"); // of another session
        o.put(&o.owner, &format!("/rooms/{room}/members/{}", late.id), &Value::Null).await.expect(204);
        o.get(&late, &format!("/files/{file}")).await.refused(404, "not_found");
        o.delete(&o.owner, &format!("/rooms/{room}/members/{}", gone.id)).await.expect(204);
        for path in [link.clone(), format!("/files/{file}"), format!("/files/{file}/thumbnail?size=small")] {
            for range in [&[][..], &[("range", "bytes=0-1")]] {
                o.fetch(&gone, &path, range).await.refused(404, "not_found");
            }
        }
        let open = o.post(&gone, &format!("/files/{file}/open"), &json!({"how": "view"})).await;
        open.refused(404, "not_found");
        let own = o.link(&o.owner, file, "view").await;
        o.base.clock.advance(15 * 60 * 1_000);
        o.get(&o.owner, &own).await.refused(404, "not_found");
        let own = o.link(&o.owner, file, "view").await;
        let message = said["id"].as_str().expect("an id");
        o.delete(&o.owner, &format!("/rooms/{room}/messages/{message}")).await.expect(204);
        o.get(&o.owner, &own).await.refused(404, "not_found");
        let shown = o.get(&o.owner, &format!("/rooms/{room}/messages")).await.expect(200);
        assert_eq!(shown["messages"][0]["files"], json!([]));
        let events = o.get(&o.owner, &format!("/rooms/{room}/events?after=0")).await.expect(200);
        assert!(!events.to_string().contains("点.gif"), "{events}");
    })
    .await;
}

/// R42: whatever could run is a download of octets, and every answer is shut in.
#[tokio::test]
async fn nothing_that_could_run_is_shown() {
    in_organisations(async |o| {
        let room = o.room(&o.owner, &[]).await;
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
        let html = b"<!doctype html><script>alert(1)</script>";
        for (name, bytes, inline) in [
            ("絵.svg", &svg[..], false),
            ("頁.html", html, false),
            ("点.gif", GIF, true),
            ("覚え.txt", "おぼえ".as_bytes(), true),
        ] {
            let file = o.upload(&o.owner, room, name, bytes).await;
            for how in ["view", "download"] {
                let link = o.link(&o.owner, file, how).await;
                let reply = o.get(&o.owner, &link).await;
                assert_eq!(reply.bytes, bytes);
                let shown = inline && how == "view";
                let disposition = header(&reply, "content-disposition");
                assert!(disposition.starts_with(if shown { "inline" } else { "attachment" }), "{name} {how}");
                assert_eq!(header(&reply, "content-type") == "application/octet-stream", !shown, "{name}");
                assert_eq!(header(&reply, "x-content-type-options"), "nosniff");
                assert_eq!(header(&reply, "content-security-policy"), "sandbox; default-src 'none'");
                assert_eq!(header(&reply, "cross-origin-resource-policy"), "same-origin");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn ranges_are_served_one_at_a_time() {
    in_organisations(async |o| {
        let room = o.room(&o.owner, &[]).await;
        let file = o.upload(&o.owner, room, "覚え.txt", b"0123456789").await;
        let link = o.link(&o.owner, file, "view").await;
        let whole = o.get(&o.owner, &link).await;
        let tag = header(&whole, "etag").to_owned();
        assert_eq!((header(&whole, "content-length"), header(&whole, "accept-ranges")), ("10", "bytes"));
        let part = o.fetch(&o.owner, &link, &[("range", "bytes=2-4"), ("if-range", &tag)]).await;
        assert_eq!((part.status.as_u16(), part.text.as_str()), (206, "234"));
        assert_eq!(header(&part, "content-range"), "bytes 2-4/10");
        let end = o.fetch(&o.owner, &link, &[("range", "bytes=-3")]).await;
        assert_eq!((end.status.as_u16(), end.text.as_str()), (206, "789"));
        for asked in [&[("range", "bytes=2-4"), ("if-range", "\"other\"")][..], &[("range", "bytes=0-1,3-4")]]
        {
            let reply = o.fetch(&o.owner, &link, asked).await;
            assert_eq!((reply.status.as_u16(), reply.text.as_str()), (200, "0123456789"));
        }
        let beyond = o.fetch(&o.owner, &link, &[("range", "bytes=10-")]).await;
        beyond.refused(416, "range.not_satisfiable");
        assert_eq!(header(&beyond, "content-range"), "bytes */10");
    })
    .await;
}

#[tokio::test]
async fn a_message_brings_its_own_files_once_and_the_room_lists_them() {
    in_organisations(async |o| {
        let other = o.member("受取 人").await;
        let (room, elsewhere) = (o.room(&o.owner, &[&other]).await, o.room(&o.owner, &[]).await);
        let mut files = Vec::new();
        for n in 0..21 {
            files.push(o.upload(&o.owner, room, &format!("{n}.txt"), b"text").await);
        }
        let too_many = o.try_say(&o.owner, room, &json!({"text": "", "files": files})).await;
        too_many.refused(422, "message.too_many_files");
        let sent = o.send(&o.owner, room, &files[..20]).await;
        let listed = sent["files"].as_array().expect("files");
        assert_eq!((listed.len(), &listed[19]["name"]), (20, &json!("19.txt")));
        let picture = o.upload(&o.owner, room, "点.gif", GIF).await;
        for (person, room, file) in [
            (&o.owner, room, files[0]),
            (&o.owner, elsewhere, files[20]),
            (&other, room, files[20]),
            (&o.owner, room, o.file_id()),
        ] {
            let body = json!({"text": "", "files": [file]});
            o.try_say(person, room, &body).await.refused(422, "message.file_not_usable");
        }
        let twice = json!({"text": "", "files": [picture, picture]});
        o.try_say(&o.owner, room, &twice).await.refused(422, "message.file_not_usable");
        o.try_say(&o.owner, room, &json!({"text": ""})).await.refused(422, "text.empty");
        let message = o.file_id();
        let (path, body) =
            (format!("/rooms/{room}/messages/{message}"), json!({"text": "", "files": [picture]}));
        let first = o.put(&o.owner, &path, &body).await.expect(201);
        assert_eq!(o.put(&o.owner, &path, &body).await.expect(200), first);
        o.patch(&o.owner, &path, &json!({"text": "説明"})).await.expect(200);
        o.patch(&o.owner, &path, &json!({"text": ""})).await.expect(200);
        let answer = json!({"text": "見ました", "reply_to": message});
        let answer = o.try_say(&other, room, &answer).await.expect(201);
        assert_eq!(
            (&answer["reply_to"]["files"], &answer["reply_to"]["file_kind"]),
            (&json!(1), &json!("image"))
        );
        let page = o.get(&other, &format!("/rooms/{room}/files?limit=1")).await.expect(200);
        assert_eq!((page["files"].as_array().expect("files").len(), &page["more"]), (1, &json!(true)));
        let older = page["files"][0]["seq"].clone();
        let page =
            o.get(&other, &format!("/rooms/{room}/files?limit=1&older_than={older}")).await.expect(200);
        assert_eq!((page["files"].as_array().expect("files").len(), &page["more"]), (20, &json!(false)));
        for (query, count) in [("kind=media", 1), ("kind=text,audio", 20), ("kind=video", 0), ("before=0", 0)]
        {
            let page = o.get(&other, &format!("/rooms/{room}/files?{query}")).await.expect(200);
            assert_eq!(page["files"].as_array().expect("files").len(), count, "{query}");
        }
        o.get(&other, &format!("/rooms/{room}/files?kind=fish")).await.refused(422, "query.shape");
        let rooms = o.get(&other, "/rooms").await.expect(200);
        assert_eq!(rooms["rooms"][0]["last"]["files"], 0);
    })
    .await;
}

/// R50, R48: opening is in the opener's own stream; what nobody finished or sent is gone after seven days.
#[tokio::test]
async fn opening_is_evidence_and_what_is_abandoned_goes() {
    in_organisations(async |o| {
        let room = o.room(&o.owner, &[]).await;
        let (open, opened) = o.open(&o.owner, room, "途中.dat", 2 * PART).await;
        opened.expect(201);
        o.part(&o.owner, open, 0, &vec![0xff; PART]).await.expect(204);
        let unposted = o.upload(&o.owner, room, "未送信.txt", b"text").await;
        let sent = o.upload(&o.owner, room, "送信.txt", b"text").await;
        o.send(&o.owner, room, &[sent]).await;
        o.link(&o.owner, sent, "download").await;
        let of = kairan_storage::Stream::Member(o.owner.id);
        let events = o
            .base
            .store
            .read(async move |reader: &mut kairan_storage::Reader| {
                kairan_storage::events_after(reader, of, kairan_core::Seq(0), 1_000).await
            })
            .await
            .expect("the journal reads");
        let last = events.last().expect("an event");
        assert_eq!((last.kind.as_str(), last.body.contains(&sent.to_string())), ("file.opened", true));
        o.base.clock.advance(7 * DAY - 1);
        jobs::round(&o.talk()).await;
        assert_eq!(o.pieces().await, 3);
        o.base.clock.advance(2);
        jobs::round(&o.talk()).await;
        assert_eq!(o.pieces().await, 1, "only what was sent is left");
        let owner = o.sign_in(&o.owner).await;
        for file in [open, unposted] {
            o.get(&owner, &format!("/uploads/{file}")).await.refused(404, "not_found");
        }
        assert_eq!(o.download(&owner, sent).await, b"text");
        assert_eq!(o.used(&owner).await, 4);
    })
    .await;
}

/// R48, R58: a file that waits for a scheduled message is not taken for abandoned; it is posted with it, or freed.
#[tokio::test]
async fn a_scheduled_message_keeps_its_files_until_its_time() {
    in_organisations(async |o| {
        let member = o.member("甲野 一").await;
        let room = o.room(&o.owner, &[&member]).await;
        let (kept, freed) = (
            o.upload(&o.owner, room, "棚卸.txt", b"one").await,
            o.upload(&o.owner, room, "版.txt", b"two").await,
        );
        let at = o.base.store.surroundings().now().plus_ms(10 * DAY);
        let schedule =
            |text: &str, files: &[FileId]| json!({"room": room, "text": text, "files": files, "at": at});
        let (first, second) = (o.room_id(), o.room_id());
        let made = o.put(&o.owner, &format!("/schedules/{first}"), &schedule("", &[kept])).await.expect(201);
        assert_eq!(made["files"][0]["name"], "棚卸.txt");
        let again = o.put(&o.owner, &format!("/schedules/{first}"), &schedule("", &[kept])).await.expect(200);
        assert_eq!(again, made, "a retry is harmless");
        o.put(&o.owner, &format!("/schedules/{second}"), &schedule("二つ目", &[freed])).await.expect(201);
        for (files, code) in [(vec![o.file_id()], "message.file_not_usable"), (Vec::new(), "text.empty")] {
            let id = o.room_id();
            o.put(&o.owner, &format!("/schedules/{id}"), &schedule("", &files)).await.refused(422, code);
        }
        o.patch(&o.owner, &format!("/schedules/{second}"), &json!({"text": " "})).await.expect(200);
        o.delete(&o.owner, &format!("/schedules/{second}")).await.expect(204);
        o.base.clock.advance(9 * DAY);
        jobs::round(&o.talk()).await;
        assert_eq!(o.pieces().await, 1, "what the cancelled one would have brought is nobody's");
        o.base.clock.advance(DAY);
        kairan_talk::due::run(&o.base.store).await.expect("storage answers");
        let (owner, member) = (o.sign_in(&o.owner).await, o.sign_in(&member).await);
        let posted = o.get(&member, &format!("/rooms/{room}/messages/{first}")).await.expect(200);
        assert_eq!((&posted["text"], &posted["files"][0]["name"]), (&json!(""), &json!("棚卸.txt")));
        assert_eq!(o.download(&member, kept).await, b"one");
        assert_eq!(o.get(&owner, "/schedules").await.expect(200), json!({"schedules": []}));
        jobs::round(&o.talk()).await;
        assert_eq!(o.pieces().await, 1);
    })
    .await;
}

/// Finds what holds `VIRUS`, when it is there to be asked.
struct Held(AtomicBool);

impl Scanner for Held {
    fn scan<'a>(&'a self, content: BoxStream<'a, std::io::Result<bytes::Bytes>>) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            if !self.0.load(Ordering::SeqCst) {
                return Verdict::Unavailable("away".into());
            }
            let bytes: Vec<bytes::Bytes> = content.try_collect().await.expect("the bytes come");
            let infected = bytes.concat().windows(5).any(|word| word == b"VIRUS");
            if infected { Verdict::Infected("Test-Virus".into()) } else { Verdict::Clean }
        })
    }
}

/// R49: with the scanner away a file waits and is served to nobody; when it is back, the clean one is let go and the other
/// is shut. One found at once leaves nothing but the word of it in its sender's own stream (R50).
#[tokio::test]
async fn what_was_not_scanned_is_not_served() {
    let scanner = Arc::new(Held(AtomicBool::new(true)));
    in_scanned_organisations(scanner.clone(), async |o| {
        scanner.0.store(true, Ordering::SeqCst);
        let other = o.member("受取 人").await;
        let room = o.room(&o.owner, &[&other]).await;
        let (file, refused) = o.try_upload(&o.owner, room, "悪.txt", b"a VIRUS").await;
        refused.refused(422, "file.infected");
        o.get(&o.owner, &format!("/uploads/{file}")).await.refused(404, "not_found");
        assert_eq!((o.pieces().await, o.used(&o.owner).await), (0, 0));
        scanner.0.store(false, Ordering::SeqCst);
        let clean = o.upload(&o.owner, room, "点.gif", GIF).await;
        let bad = o.upload(&o.owner, room, "悪.txt", b"a VIRUS").await;
        let said = o.send(&o.owner, room, &[clean, bad]).await;
        assert_eq!(
            (&said["files"][0]["state"], &said["files"][0]["preview"]),
            (&json!("waiting"), &json!(false))
        );
        let refused = async |person: &Person, file: FileId, status: u16, code: &str| {
            let open = json!({"how": "download"});
            o.post(person, &format!("/files/{file}/open"), &open).await.refused(status, code);
            let thumbnail = o.get(person, &format!("/files/{file}/thumbnail?size=small")).await;
            thumbnail.refused(404, "not_found");
        };
        for person in [&o.owner, &other] {
            refused(person, clean, 423, "file.waiting").await;
        }
        jobs::round(&o.talk()).await;
        refused(&other, clean, 423, "file.waiting").await;
        scanner.0.store(true, Ordering::SeqCst);
        jobs::round(&o.talk()).await;
        assert_eq!(o.download(&other, clean).await, GIF);
        o.get(&other, &format!("/files/{clean}/thumbnail?size=small")).await.expect(200);
        refused(&other, bad, 423, "file.quarantined").await;
        let events = o.get(&other, &format!("/rooms/{room}/events?after=0")).await.expect(200);
        let kinds: Vec<_> =
            events["events"].as_array().expect("events").iter().map(|one| &one["kind"]).collect();
        assert_eq!(kinds[kinds.len() - 2..], ["file.released", "file.infected"]);
        assert!(!events.to_string().contains("Test-Virus"), "{events}");
    })
    .await;
}
