//! Messages somebody wants to find again.

use serde_json::{Value, json};

use crate::support::{Organisation, id_of, in_organisations};

async fn texts(
    o: &Organisation,
    person: &kairan_people::testing::Person,
    query: &str,
) -> (Vec<String>, Value) {
    let page = o.get(person, &format!("/bookmarks{query}")).await.expect(200);
    let texts = page["bookmarks"].as_array().expect("a list").iter();
    (
        texts.map(|one| one["message"]["text"].as_str().unwrap_or("∅").to_owned()).collect(),
        page["more"].clone(),
    )
}

#[tokio::test]
async fn bookmarks_are_found_newest_first_and_by_pages() {
    in_organisations(async |o: Organisation| {
        let (one, two) = (o.room(&o.owner, &[]).await, o.room(&o.owner, &[]).await);
        for n in 0..5 {
            let message = id_of(&o.say(&o.owner, if n % 2 == 0 { one } else { two }, &format!("{n}")).await);
            // The second and third are marked in one millisecond.
            o.base.clock.advance(i64::from(n != 2));
            for _ in 0..2 {
                o.put(&o.owner, &format!("/bookmarks/{message}"), &Value::Null).await.expect(204);
            }
        }
        assert_eq!(
            texts(&o, &o.owner, "").await,
            (["4", "3", "2", "1", "0"].map(String::from).to_vec(), json!(false))
        );
        let (first, more) = texts(&o, &o.owner, "?limit=3").await;
        assert_eq!(
            (first, more),
            (["4", "3", "2", "1"].map(String::from).to_vec(), json!(true)),
            "one moment stays together"
        );
        let page = o.get(&o.owner, "/bookmarks?limit=3").await.expect(200);
        let last = page["bookmarks"][3]["at"].as_i64().expect("a moment");
        assert_eq!(
            texts(&o, &o.owner, &format!("?limit=3&older_than={last}")).await,
            (vec!["0".into()], json!(false))
        );
        let other = o.member("乙川 二葉").await;
        assert_eq!(texts(&o, &other, "").await.0, Vec::<String>::new());
    })
    .await;
}

/// R25: what one may not see now is not shown; it comes back with the membership.
#[tokio::test]
async fn a_bookmark_shows_only_what_its_owner_sees_now() {
    in_organisations(async |o: Organisation| {
        let member = o.member("乙川 二葉").await;
        let room = o.room(&o.owner, &[&member]).await;
        let message = id_of(&o.say(&o.owner, room, "鍵は金庫").await);
        let gone = id_of(&o.say(&o.owner, room, "消える").await);
        let mark = format!("/bookmarks/{message}");
        for message in [&message, &gone] {
            o.put(&member, &format!("/bookmarks/{message}"), &Value::Null).await.expect(204);
        }
        o.delete(&o.owner, &format!("/rooms/{room}/messages/{gone}")).await.expect(204);
        assert_eq!(texts(&o, &member, "").await.0, ["鍵は金庫"]);
        o.put(&member, &format!("/bookmarks/{gone}"), &Value::Null).await.refused(409, "message.deleted");
        let membership = format!("/rooms/{room}/members/{}", member.id);
        o.delete(&o.owner, &membership).await.expect(204);
        assert_eq!(texts(&o, &member, "").await, (vec![], json!(false)));
        o.put(&member, &mark, &Value::Null).await.refused(404, "not_found");
        o.put(&o.owner, &membership, &Value::Null).await.expect(204);
        assert_eq!(texts(&o, &member, "").await.0, ["鍵は金庫"]);
        o.delete(&member, &mark).await.expect(204);
        o.delete(&member, &mark).await.expect(204);
        assert_eq!(texts(&o, &member, "").await.0, Vec::<String>::new());
        let unknown = o.room_id();
        o.put(&member, &format!("/bookmarks/{unknown}"), &Value::Null).await.refused(404, "not_found");
        o.delete(&member, &format!("/bookmarks/{unknown}")).await.expect(204);
    })
    .await;
}
