//! What somebody has begun to write.

use kairan_core::time::{DAY, MINUTE};
use kairan_storage::{Error, Reader, params};
use serde_json::{Value, json};

use crate::support::{Organisation, in_organisations, strings};

fn draft(text: &str, at: i64) -> Value {
    json!({"text": text, "picked": [], "label": null, "reply_to": null, "at": at})
}

#[tokio::test]
async fn the_newest_draft_wins_whichever_comes_last() {
    in_organisations(async |o: Organisation| {
        let room = o.room(&o.owner, &[]).await;
        let path = format!("/rooms/{room}/draft");
        let now = o.base.store.surroundings().now().ms();
        let kept = async || o.get(&o.owner, "/drafts").await.expect(200)["drafts"].clone();
        let picked = json!([["見本 大工", o.owner.id]]);
        let whole = json!({"text": "か\u{3099}んばる ", "picked": picked, "label": "consult", "reply_to": o.owner.id, "at": now - 10});
        o.put(&o.owner, &path, &whole).await.expect(204);
        let expected = json!([{"room": room, "text": "がんばる ", "picked": picked, "label": "consult", "reply_to": o.owner.id, "at": now - 10}]);
        assert_eq!(kept().await, expected);
        o.put(&o.owner, &path, &draft("電話の、古いもの", now - 11)).await.expect(204);
        assert_eq!(kept().await, expected, "an older one from another device is passed over");
        o.put(&o.owner, &path, &draft("時計が進んだ電話", now + DAY)).await.expect(204);
        assert_eq!(kept().await[0]["at"], now, "nothing is from the future");
        // Sent: an older one that was on its way does not come back, a newer one does.
        o.delete(&o.owner, &format!("{path}?at={now}")).await.expect(204);
        o.put(&o.owner, &path, &draft("遅れて着いた", now - 1)).await.expect(204);
        assert_eq!(kept().await, json!([]));
        o.base.clock.advance(MINUTE);
        o.put(&o.owner, &path, &draft("次の", now + 1)).await.expect(204);
        assert_eq!(strings(&kept().await, "text"), ["次の"]);
        o.delete(&o.owner, &path).await.expect(204);
        assert_eq!(kept().await, json!([]));
    })
    .await;
}

/// R34
#[tokio::test]
async fn a_draft_has_the_limits_of_a_message() {
    in_organisations(async |o: Organisation| {
        let room = o.room(&o.owner, &[]).await;
        let path = format!("/rooms/{room}/draft");
        o.put(&o.owner, &path, &draft(&"長".repeat(8_001), 1)).await.refused(422, "text.too_long");
        o.put(&o.owner, &path, &draft("a\u{0}b", 1)).await.refused(422, "text.character");
        let many = json!({"text": "皆さん", "picked": vec![("甲", o.owner.id); 201], "label": null, "reply_to": null, "at": 1});
        o.put(&o.owner, &path, &many).await.refused(422, "draft.picked");
        o.put(&o.owner, &path, &draft(" \n", 1)).await.expect(204);
        assert_eq!(o.get(&o.owner, "/drafts").await.expect(200), json!({"drafts": []}));
    })
    .await;
}

/// R25: a draft ends with the membership it was written under, and is its author's alone.
#[tokio::test]
async fn a_removed_member_has_no_draft_there_any_more() {
    in_organisations(async |o: Organisation| {
        let member = o.member("乙川 二葉").await;
        let room = o.room(&o.owner, &[&member]).await;
        let path = format!("/rooms/{room}/draft");
        o.put(&member, &path, &draft("書きかけ", 1)).await.expect(204);
        assert_eq!(
            o.get(&o.owner, "/drafts").await.expect(200),
            json!({"drafts": []}),
            "nobody else's business"
        );
        o.delete(&o.owner, &format!("/rooms/{room}/members/{}", member.id)).await.expect(204);
        assert_eq!(o.get(&member, "/drafts").await.expect(200), json!({"drafts": []}));
        o.put(&member, &path, &draft("まだ", 2)).await.refused(404, "not_found");
        o.delete(&member, &path).await.refused(404, "not_found");
        o.put(&o.owner, &format!("/rooms/{room}/members/{}", member.id), &Value::Null).await.expect(204);
        assert_eq!(
            o.get(&member, "/drafts").await.expect(200),
            json!({"drafts": []}),
            "in again is not in still"
        );
        o.put(&member, &path, &draft("あらためて", 1)).await.expect(204);
        assert_eq!(strings(&o.get(&member, "/drafts").await.expect(200)["drafts"], "text"), ["あらためて"]);
        // What has ended is forgotten for good.
        o.delete(&o.owner, &format!("/rooms/{room}/members/{}", member.id)).await.expect(204);
        kairan_talk::drafts::commands::forget_drafts(&o.base.store).await.expect("storage answers");
        let left = async |reader: &mut Reader| reader.query("SELECT 1 FROM marks_drafts", params![]).await;
        let left: Result<_, Error> = o.base.store.read(left).await;
        assert_eq!(left.expect("rows"), []);
    })
    .await;
}
