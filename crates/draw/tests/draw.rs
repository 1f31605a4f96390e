//! R16, R17: pages are drawn, and whoever looks is written across them.

use image::{DynamicImage, GenericImageView as _, Rgb, RgbImage};
use kairan_draw::{Drawn, Kind, Mark, Order, Undrawable, covers, draw};

/// Printed by a browser: two pages, Japanese in two embedded fonts, a table and a drawing.
const REGULATION: &[u8] = include_bytes!("samples/regulation.pdf");

fn order(kind: Kind, page: u32) -> Order {
    Order { kind, page, side: 1000, charset: None, mark: None }
}

fn mark(who: &str) -> Option<Mark> {
    Some(Mark { lines: vec![format!("{who}　A-1024"), "2026-12-07 09:05".to_owned()] })
}

fn picture(drawn: &Drawn) -> RgbImage {
    image::load_from_memory(&drawn.picture).expect("a picture").into_rgb8()
}

fn page(source: &[u8], order: &Order) -> RgbImage {
    picture(&draw(source.to_vec(), order).expect("drawn"))
}

/// How many pixels of a part are darker than this.
fn dark(picture: &RgbImage, (x, y, width, height): (u32, u32, u32, u32)) -> usize {
    picture.view(x, y, width, height).pixels().filter(|(_, _, pixel)| pixel.0[1] < 110).count()
}

/// How many pixels differ by more than a JPEG's noise.
fn differing(one: &RgbImage, other: &RgbImage) -> usize {
    let differ = |(a, b): (&Rgb<u8>, &Rgb<u8>)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 24);
    one.pixels().zip(other.pixels()).filter(|two| differ(*two)).count()
}

fn flat(grey: u8) -> Vec<u8> {
    let picture = DynamicImage::from(RgbImage::from_pixel(1200, 900, Rgb([grey; 3])));
    let mut out = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut out, image::ImageFormat::Png).expect("written");
    out.into_inner()
}

/// A document of these objects; the first is its catalogue.
fn pdf(objects: &[&str]) -> Vec<u8> {
    let mut made = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(made.len());
        made.extend(format!("{} 0 obj\n{object}\nendobj\n", at + 1).bytes());
    }
    let start = made.len();
    made.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    made.extend(places.iter().flat_map(|place| format!("{place:010} 00000 n \n").into_bytes()));
    made.extend(
        format!("trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF", places.len() + 1).bytes(),
    );
    made
}

fn stream(content: &str) -> String {
    format!("<</Length {}>>\nstream\n{content}\nendstream", content.len())
}

/// R17: JIS X 0208, the kanji of both levels, kana, signs and ASCII; and what names need that it has not.
#[test]
fn the_font_has_what_japanese_names_are_written_with() {
    let mut kanji = 0;
    for row in 0xa1..=0xfe_u8 {
        for cell in 0xa1..=0xfe_u8 {
            let bytes = [row, cell];
            let (text, _, lacking) = encoding_rs::EUC_JP.decode(&bytes);
            let Some(character) = text.chars().next().filter(|_| !lacking) else { continue };
            if matches!(character, '\u{e000}'..='\u{f8ff}') {
                continue;
            }
            assert!(covers(character), "{character} ({row:x} {cell:x})");
            kanji += usize::from((0xb0..=0xf4).contains(&row));
        }
    }
    assert_eq!(kanji, 6_355, "2,965 of level 1 and 3,390 of level 2");
    for character in (' '..='~').chain('ぁ'..='ん').chain('ァ'..='ヶ').chain("髙﨑濵德邉邊𠮟①㈱ｱｲｳ".chars())
    {
        assert!(covers(character), "{character}");
    }
}

/// R17: it is seen on light, on dark and between, in every part of the picture.
#[test]
fn the_mark_stands_out_everywhere() {
    for grey in [255, 200, 128, 60, 0] {
        let (plain, side) = (flat(grey), 1200);
        let bare = Order { side, ..order(Kind::Picture, 1) };
        let marked = Order { mark: mark("髙橋 花子"), ..bare.clone() };
        let (bare, marked) = (page(&plain, &bare), page(&plain, &marked));
        for (x, y) in (0..4).flat_map(|x| (0..3).map(move |y| (x * 300, y * 300))) {
            let part = |picture: &RgbImage| picture.view(x, y, 300, 300).to_image();
            let found = differing(&part(&bare), &part(&marked));
            assert!(found > 600, "{found} of 90,000 pixels at {x}, {y} on {grey}");
        }
    }
}

/// R17: another viewer and another minute are other pictures; the same ones the same.
#[test]
fn the_mark_is_the_viewers_own() {
    let source = flat(230);
    let of = |who: &str| page(&source, &Order { mark: mark(who), ..order(Kind::Picture, 1) });
    assert_eq!(differing(&of("髙橋 花子"), &of("髙橋 花子")), 0);
    assert!(differing(&of("髙橋 花子"), &of("髙橋 花了")) > 200, "one stroke of one kanji");
    let later = Mark { lines: vec!["髙橋 花子　A-1024".to_owned(), "2026-12-07 09:06".to_owned()] };
    let later = page(&source, &Order { mark: Some(later), ..order(Kind::Picture, 1) });
    assert!(differing(&of("髙橋 花子"), &later) > 100);
}

/// R17: what the font lacks is a sign for something missing, never nothing.
#[test]
fn a_name_in_letters_that_are_not_there_is_marked_all_the_same() {
    let source = flat(230);
    let of = |who: &str| {
        page(&source, &Order { mark: Some(Mark { lines: vec![who.to_owned()] }), ..order(Kind::Picture, 1) })
    };
    assert!(differing(&of("𓀀𓀁𓀂𓀃"), &page(&source, &order(Kind::Picture, 1))) > 2_000);
    assert_eq!(differing(&of("𓀀𓀁𓀂𓀃"), &of("〓〓〓〓")), 0);
    let empty = Order { mark: Some(Mark { lines: Vec::new() }), ..order(Kind::Picture, 1) };
    assert_eq!(differing(&page(&source, &empty), &page(&source, &order(Kind::Picture, 1))), 0);
    of("\u{200b}\u{202e}\t");
    of(&"長".repeat(10_000));
}

/// R17: what shines through is marked too.
#[test]
fn a_picture_with_nothing_in_it_is_marked() {
    let mut out = std::io::Cursor::new(Vec::new());
    let empty = DynamicImage::from(image::RgbaImage::new(600, 400));
    empty.write_to(&mut out, image::ImageFormat::Png).expect("written");
    let marked = draw(out.into_inner(), &Order { mark: mark("髙橋 花子"), ..order(Kind::Picture, 1) });
    let marked = marked.expect("drawn");
    assert_eq!(marked.media(), "image/png");
    let marked = image::load_from_memory(&marked.picture).expect("a picture").into_rgba8();
    assert!(marked.pixels().filter(|pixel| pixel.0[3] > 40).count() > 3_000);
}

/// R16
#[test]
fn a_documents_pages_are_drawn_in_japanese() {
    let drawn = draw(REGULATION.to_vec(), &order(Kind::Pdf, 1)).expect("drawn");
    assert_eq!((drawn.pages, drawn.media()), (2, "image/jpeg"));
    let one = picture(&drawn);
    assert_eq!(one.height(), 1000);
    let (width, _) = one.dimensions();
    assert!(dark(&one, (0, 0, width, 330)) > 2_000, "the heading, the text and the table");
    let two = page(REGULATION, &order(Kind::Pdf, 2));
    assert!(dark(&two, (0, 0, width, 120)) > 300, "one line");
    assert_eq!(dark(&two, (0, 300, width, 600)), 0, "and nothing below it");
    let marked = page(REGULATION, &Order { mark: mark("髙橋 花子"), ..order(Kind::Pdf, 2) });
    assert!(differing(&two, &marked) > 10_000);
    let counted = draw(REGULATION.to_vec(), &order(Kind::Pdf, 0)).expect("counted");
    assert_eq!((counted.pages, counted.picture.len()), (2, 0));
    for beyond in [3, u32::MAX] {
        assert_eq!(draw(REGULATION.to_vec(), &order(Kind::Pdf, beyond)), Err(Undrawable::NoSuchPage));
    }
}

/// R16: many documents of Japanese offices name a font and do not bring it.
#[test]
fn a_japanese_font_that_a_document_does_not_bring_is_ours() {
    // 回覧 in Shift_JIS.
    let content = stream("BT /F 80 Tf 60 100 Td <89F1 9797> Tj ET");
    let made = |base: &str| {
        let font = format!(
            "<</Type/Font/Subtype/Type0/BaseFont/{base}/Encoding/90ms-RKSJ-H/DescendantFonts[6 0 R]>>"
        );
        let descendant = format!(
            "<</Type/Font/Subtype/CIDFontType2/BaseFont/{base}/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 2>>/DW 1000/FontDescriptor 7 0 R>>"
        );
        let descriptor = format!("<</Type/FontDescriptor/FontName/{base}/Flags 4>>");
        pdf(&[
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Kids[3 0 R]/Count 1>>",
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R>>",
            &content,
            &font,
            &descendant,
            &descriptor,
        ])
    };
    for base in ["MS-Mincho", "#82l#82r#83S#83V#83b#83N"] {
        let drawn = page(&made(base), &order(Kind::Pdf, 1));
        let (one, two) = ((200, 380, 260, 280), (470, 380, 260, 280));
        assert!(dark(&drawn, one) > 8_000 && dark(&drawn, two) > 8_000, "{base}");
    }
}

/// R16
#[test]
fn what_is_no_document_is_said_to_be_damaged() {
    let nothing = pdf(&["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>"]);
    for source in [&b""[..], b"%PDF-1.7", b"%PDF-1.7\nnothing at all\n%%EOF", &nothing] {
        assert_eq!(draw(source.to_vec(), &order(Kind::Pdf, 1)), Err(Undrawable::Damaged));
    }
    assert_eq!(draw(b"\xff\xd8\xff".to_vec(), &order(Kind::Picture, 1)), Err(Undrawable::Damaged));
    assert_eq!(draw(flat(0), &order(Kind::Picture, 2)), Err(Undrawable::NoSuchPage));
}

/// A page like a thread, like a wall, or of no size at all.
#[test]
fn a_page_of_any_size_fits() {
    for (size, fits) in [
        ("0 0 14400 1", Some((1000, 1))),
        ("0 0 1 90000", Some((1, 1000))),
        ("0 0 0.01 0.01", None),
        ("-100 -100 100 100", Some((1000, 1000))),
    ] {
        let made = pdf(&[
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Kids[3 0 R]/Count 1>>",
            &format!("<</Type/Page/Parent 2 0 R/MediaBox[{size}]/Contents 4 0 R>>"),
            &stream("0 0 5 5 re f"),
        ]);
        let drawn = draw(made, &order(Kind::Pdf, 1));
        if let Some(fits) = fits {
            assert_eq!(picture(&drawn.expect(size)).dimensions(), fits, "{size}");
        }
    }
}

/// R16
#[test]
fn a_text_is_set_on_pages() {
    let text = "社内規程\r\n第１条\tこの規程は、\u{feff}職員に適用する。\n";
    let drawn = draw(text.as_bytes().to_vec(), &order(Kind::Text, 1)).expect("drawn");
    let one = picture(&drawn);
    assert_eq!((drawn.pages, one.dimensions()), (1, (1240, 1754)));
    assert!(dark(&one, (90, 90, 100, 38)) > 500, "the first line");
    assert!(dark(&one, (90, 128, 600, 38)) > 1_000, "the second line");
    assert_eq!(dark(&one, (90, 170, 1060, 1_400)), 0);

    // A byte order mark has no place in Shift_JIS.
    let unmarked = text.replace('\u{feff}', "");
    let (shift_jis, _, _) = encoding_rs::SHIFT_JIS.encode(&unmarked);
    let named = Order { charset: Some("shift_jis".to_owned()), ..order(Kind::Text, 1) };
    assert_eq!(differing(&one, &page(&shift_jis, &named)), 0);

    let pages = |text: &str| draw(text.as_bytes().to_vec(), &order(Kind::Text, 0)).expect("counted").pages;
    assert_eq!((pages(""), pages("\n"), pages(&"行\n".repeat(41)), pages(&"行\n".repeat(42))), (1, 1, 1, 2));
    assert_eq!(pages(&"長".repeat(44 * 41)), 1, "44 kanji to a line");
    assert_eq!(pages(&"長".repeat(44 * 41 + 1)), 2);
    assert_eq!(pages(&"x\u{c}".repeat(41)), 2);
    assert_eq!(draw(b"a".to_vec(), &order(Kind::Text, 2)), Err(Undrawable::NoSuchPage));
    assert_eq!(draw(vec![b'a'; (8 << 20) + 1], &order(Kind::Text, 0)), Err(Undrawable::TooLarge));
}

#[test]
fn order_and_answer_go_to_the_other_process_and_back() {
    let order =
        Order { mark: mark("髙橋 花子"), charset: Some("utf-8".to_owned()), ..order(Kind::Text, 7) };
    let sent = [order.to_bytes(), b"the file".to_vec()].concat();
    assert_eq!(Order::split(&sent), Some((order, &b"the file"[..])));
    for broken in
        [&b""[..], b"KDR\x01", b"KDR\x01\xff\xff\xff\xff", b"KDR\x01\0\0\0\x02[]", b"KRP\x01\0\0\0\0"]
    {
        assert_eq!(Order::split(broken), None);
        assert_eq!(Drawn::from_answer(broken), None);
    }
    let drawn = Ok(Drawn { pages: 3, picture: b"\xff\xd8\xff and so on".to_vec() });
    assert_eq!(Drawn::from_answer(&Drawn::answer(&drawn)), Some(drawn));
    for why in [Undrawable::Damaged, Undrawable::Locked, Undrawable::NoSuchPage, Undrawable::TooLarge] {
        assert_eq!(Drawn::from_answer(&Drawn::answer(&Err(why))), Some(Err(why)));
    }
    let script = Ok(Drawn { pages: 1, picture: b"<script>".to_vec() });
    assert_eq!(Drawn::from_answer(&Drawn::answer(&script)), None, "only pictures come back");
}
