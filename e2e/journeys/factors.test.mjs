// R4 R5 R6 R8: what stands beside the password, from the first code to the day the phone is lost.
import assert from 'node:assert/strict';

import { organisation, OWNER, Person, setupCode } from '../harness/api.mjs';
import { obstacles } from '../harness/axe.mjs';
import { Keyboard, Pointer } from '../harness/hands.mjs';
import { journey } from '../harness/journey.mjs';
import { keyring } from '../harness/passkeys.mjs';
import { agree, bringIn, connectApp, enrolApp, inside, join, setUp, signIn, signOut, writeDown } from '../pages/door.mjs';

const OTSU = {
  family_name: '乙川', given_name: '次郎', family_kana: 'おつかわ', given_kana: 'じろう', staff_number: '0207',
};

/** The six cells of the second step. */
const cells = (/** @type {import('playwright-core').Page} */ page) => page.getByLabel('6桁の数字');

/** Whoever sits here gave their proof longer ago than five minutes, as far as the next such call is told (R23). */
async function longAgo(/** @type {import('playwright-core').Page} */ page, /** @type {string} */ call) {
  await page.route(call, (route) => {
    const body = { type: 'about:blank', title: '', status: 403, code: 'proof.needed', detail: '', detail_en: '' };
    return route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify(body) });
  }, { times: 1 });
}

for (const Hands of [Pointer, Keyboard]) {
  const how = Hands === Pointer ? 'by pointer' : 'by keyboard alone';
  journey(`an owner chooses an app at set-up and signs in with it, ${how}`, async ({ server, browser, step }) => {
    const window = await browser.window('甲野', server.url, Hands === Pointer ? { hold: 'phone', theme: 'dark' } : {});
    const hands = new Hands(window.page);
    const { page } = window;
    /** @type {Awaited<ReturnType<typeof setUp>>} */
    let owner;

    await step('the set-up ends with a second factor (R4)', async () => {
      await page.goto('/');
      owner = await setUp(hands, { organisation: '見本商店', ...OWNER }, () => setupCode(server));
      await hands.press(page.getByRole('link', { name: 'トークを開く' }));
      await inside(page);
    });

    await step('the password alone leads to the second step, and a reload comes back to it', async () => {
      await signOut(hands);
      await signIn(hands, OWNER.login, OWNER.password);
      await cells(page).waitFor();
      await page.goto('/rooms');
      await cells(page).waitFor();
      assert.deepEqual(await obstacles(page, 'the second step'), []);
    });

    await step('digits that were used, and digits that never were, are refused (R5)', async () => {
      await hands.write(cells(page), owner.app.used);
      await page.locator('.bad').waitFor();
      assert.equal(await cells(page).inputValue(), '', 'what was refused is not left standing');
      assert.deepEqual(await obstacles(page, 'digits refused'), []);
    });

    await step('new ones open, full-width as an input method writes them', async () => {
      const next = await owner.app.code();
      const wide = [...next].map((digit) => String.fromCodePoint(Number(digit) + 0xff10)).join('');
      await hands.write(cells(page), wide);
      await inside(page);
      assert.equal(new URL(page.url()).pathname, '/rooms');
    });

    await step('a recovery code stands in for a lost phone, once', async () => {
      for (const [again, code] of [owner.codes[3], owner.codes[3], owner.codes[4]].entries()) {
        if (again !== 2) await signOut(hands);
        if (again !== 2) await signIn(hands, OWNER.login, OWNER.password);
        if (again !== 2) await hands.press(page.getByRole('button', { name: '回復コードを使う' }));
        await hands.write(page.getByLabel('回復コード'), code);
        await hands.press(page.getByRole('button', { name: '確かめて入る' }));
        if (again === 1) await page.locator('.bad').waitFor();
        else await inside(page);
      }
      await page.goto('/me/security');
      await page.getByText('残り8個').waitFor();
    });
  });
}

journey('a passkey alone signs in, and goes on doing so while strangers guess (R6)', async ({ server, browser, step }) => {
  const owner = await organisation(server);
  const otsu = await owner.bring({ ...OTSU, login: 'otsukawa' });
  const { code } = await otsu.call('POST', '/me/device-code');
  const window = await browser.window('乙川', server.url);
  const { page } = window;
  const hands = new Pointer(page);
  const ring = await keyring(window);

  await step('one is registered under 自分, and named', async () => {
    await page.goto('/');
    await signIn(hands, 'otsukawa', OWNER.password);
    await bringIn(hands, code);
    await page.goto('/me/security');
    await page.getByRole('button', { name: 'パスキーを足す' }).waitFor();
    assert.deepEqual(await obstacles(page, 'what protects the account'), []);
    await ring.while(async () => {
      await hands.press(page.getByRole('button', { name: 'パスキーを足す' }));
      await page.getByText('新しい回復コードです').waitFor();
    });
    assert.equal(await ring.count(), 1);
    await hands.press(page.getByRole('button', { name: '紙に写しました' }));
    await hands.press(page.getByRole('button', { name: /の名前を変える/ }));
    await hands.write(page.getByRole('dialog').getByLabel('名前'), '事務所のPC');
    await hands.press(page.getByRole('dialog').getByRole('button', { name: '保存する' }));
    await page.getByText('事務所のPC').waitFor();
  });

  await step('it signs in without a password', async () => {
    await signOut(hands);
    await ring.while(async () => {
      // The browser may offer it by itself; whoever does not wait presses.
      const button = page.getByRole('button', { name: 'パスキーでサインイン' });
      await button.click({ timeout: 2_000 }).catch(() => {});
      await inside(page);
    });
  });

  await step('ten wrong passwords slow the password down, and not the passkey', async () => {
    await signOut(hands);
    const stranger = new Person(server.url);
    let slow = false;
    for (let i = 0; i < 14 && !slow; i += 1) {
      const { status } = await stranger.try('POST', '/session', { login: 'otsukawa', password: `ちがう合言葉です、その${i}` });
      slow = status === 429;
    }
    assert.ok(slow, 'the password is slowed down');
    await signIn(hands, 'otsukawa', OWNER.password);
    await page.getByText(/あと\d+秒待つと/).waitFor();
    await ring.while(async () => {
      await page.getByRole('button', { name: 'パスキーでサインイン' }).click({ timeout: 2_000 }).catch(() => {});
      await inside(page);
    });
  });

  await step('taking it away wants a proof of who sits there, and then the password is all there is (R23)', async () => {
    await page.goto('/me/security');
    await hands.press(page.getByRole('button', { name: 'パスキー「事務所のPC」を外す' }));
    await page.getByText('二つ目の確認がなくなります').waitFor();
    await longAgo(page, '**/api/v1/me/passkeys/*');
    await hands.press(page.getByRole('dialog').getByRole('button', { name: '外す' }));
    const dialog = page.getByRole('dialog', { name: 'もう一度、ご本人か確かめます' });
    await hands.tick(dialog.getByRole('radio', { name: 'パスワード' }));
    const password = dialog.getByRole('textbox', { name: 'いまのパスワード' });
    await hands.write(password, 'これは本人の合言葉ではありません');
    await hands.press(dialog.getByRole('button', { name: '確かめて続ける' }));
    await dialog.locator('.bad').waitFor();
    assert.deepEqual(await obstacles(page, 'proving who one is'), []);
    await hands.write(password, OWNER.password);
    await hands.press(dialog.getByRole('button', { name: '確かめて続ける' }));
    await page.getByText('事務所のPC').first().waitFor({ state: 'detached' });
  });
});

journey('an administrator without a second factor can only choose one (R4)', async ({ server, browser, step }) => {
  const owner = await organisation(server);
  const admin = await owner.call('POST', '/members', {
    family_name: '丙山', given_name: '三奈', family_kana: 'へいやま', given_kana: 'みな', kind: 'employee', role: 'admin', login: 'heiyama',
  });
  const [invitation] = await owner.call('POST', '/invitations', { members: [admin.id] });
  const window = await browser.window('丙山', server.url, { hold: 'phone' });
  const { page } = window;
  const hands = new Pointer(page);
  const ring = await keyring(window);

  await step('joining ends at the choice, and no address leads past it', async () => {
    await join(hands, invitation.url, { family_name: '丙山', password: '三番レジの釣銭は二百七十円でした' }, false);
    for (const address of ['/admin/members', '/me/security', '/rooms']) {
      await page.goto(address);
      await page.getByRole('heading', { name: '二つ目の確認を決める' }).waitFor();
    }
    await page.getByText('役割が「管理者」の人には').waitFor();
    assert.deepEqual(await obstacles(page, 'choosing a second factor'), []);
    const refused = await page.evaluate(async () => {
      const answer = await fetch('/api/v1/members');
      return [answer.status, (await answer.json()).code];
    });
    assert.deepEqual(refused, [403, 'session.incomplete']);
  });

  await step('a passkey is enough; the recovery codes are shown once; and the app opens', async () => {
    await ring.while(async () => {
      await hands.press(page.getByRole('button', { name: /^パスキー/ }));
      await page.getByRole('heading', { name: '回復コードを紙に' }).waitFor();
    });
    assert.deepEqual(await obstacles(page, 'the recovery codes'), []);
    assert.equal(new Set(await writeDown(hands)).size, 10);
    await agree(hands);
    await inside(page);
  });

  await step('the last one cannot be taken away, and the page says why', async () => {
    await page.goto('/me/security');
    const button = page.getByRole('button', { name: /^パスキー「.+」を外す$/ });
    await button.waitFor();
    assert.ok(await button.isDisabled());
    await page.getByText('要るうちの最後の1つです').waitFor();
  });
});

journey('a member who lost their phone starts anew with a code handed over (R8)', async ({ server, browser, step }) => {
  const owner = await organisation(server);
  const otsu = await owner.bring({ ...OTSU, login: 'otsukawa' });
  const desk = await browser.window('甲野', server.url);
  await owner.window(desk.context);
  const phone = await browser.window('乙川', server.url, { hold: 'phone' });
  await otsu.window(phone.context);
  const admin = new Pointer(desk.page);
  const hands = new Pointer(phone.page);
  const { page } = phone;
  let code = '';

  await step('they had an authenticator app', async () => {
    await page.goto('/me/security');
    await hands.press(page.getByRole('button', { name: '認証アプリを足す' }));
    await page.getByRole('heading', { name: '認証アプリをつなぐ' }).waitFor();
    assert.deepEqual(await obstacles(page, 'connecting an app'), []);
    await connectApp(hands);
    await page.getByText('新しい回復コードです').waitFor();
    await hands.press(page.getByRole('button', { name: '紙に写しました' }));
    await page.getByRole('button', { name: '認証アプリを外す' }).waitFor();
  });

  await step('the administrator makes a code, shown once', async () => {
    const panel = `/admin/members?member=${otsu.id}`;
    await desk.page.goto(panel);
    await admin.press(desk.page.getByRole('button', { name: '二要素をやり直す' }));
    assert.deepEqual(await obstacles(desk.page, 'asking for a reset'), []);
    await admin.press(desk.page.getByRole('dialog').getByRole('button', { name: 'コードをつくる' }));
    const shown = desk.page.getByRole('img', { name: /^やり直しのコード/ });
    await shown.waitFor();
    code = await shown.innerText();
    assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    assert.deepEqual(await obstacles(desk.page, 'the code of a reset'), []);
    await admin.press(desk.page.getByRole('button', { name: '渡しました' }));
    await desk.page.goto(panel);
    await desk.page.getByRole('button', { name: 'やり直しを取り消す' }).waitFor();
    assert.equal(await desk.page.getByText(code).count(), 0);
  });

  await step('the member sees who started it', async () => {
    await page.goto('/me/security');
    await page.getByText('甲野 花子さんが、あなたの二要素のやり直しを始めました').waitFor();
    assert.deepEqual(await obstacles(page, 'a reset one may not have asked for'), []);
  });

  await step('with the password and the code they choose anew, and the code is spent', async () => {
    await signOut(hands);
    await signIn(hands, 'otsukawa', OWNER.password);
    await hands.press(page.getByRole('button', { name: '管理者のコードを使う' }));
    await hands.write(page.getByLabel('やり直しのコード'), code.toLowerCase().replace('-', ''));
    await hands.press(page.getByRole('button', { name: '確かめて入る' }));
    const app = await enrolApp(hands);
    await page.getByRole('heading', { name: '回復コードを紙に' }).or(page.getByRole('navigation', { name: 'おもな画面' })).waitFor();
    if (await page.getByRole('heading', { name: '回復コードを紙に' }).count()) await writeDown(hands);
    await inside(page);
    await signOut(hands);
    await signIn(hands, 'otsukawa', OWNER.password);
    await cells(page).waitFor();
    assert.equal(await page.getByRole('button', { name: '管理者のコードを使う' }).count(), 0, 'no reset is open');
    await hands.write(cells(page), await app.code());
    await inside(page);
  });
});
