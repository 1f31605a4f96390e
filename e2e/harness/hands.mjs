/**
 * Two ways to do the same: with a finger or a mouse, and with the keyboard alone. A journey written against these
 * hands is walked both ways.
 *
 * It stays true that `Keyboard` never points: it presses keys that a person has, and fails when they lead nowhere.
 */
import assert from 'node:assert/strict';

/** @typedef {import('playwright-core').Locator} Locator */

/** Points and types. */
export class Pointer {
  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
  }
  /** Presses a button, follows a link, opens a tab. @param {Locator} thing */
  async press(thing) {
    await thing.click();
  }
  /** Replaces what a field holds. @param {Locator} field @param {string} text */
  async write(field, text) {
    await field.fill(text);
  }
  /** Chooses from a native list. @param {Locator} select @param {string} label */
  async choose(select, label) {
    await select.selectOption({ label });
  }
  /** Sets a check box, a switch or one of several radio buttons. @param {Locator} box */
  async tick(box) {
    // The drawn box lies beside or over the real one: the label is what a finger meets.
    await box.check({ force: true });
  }
}

/** How many presses of Tab may lead to anything on a screen. */
const WITHIN = 150;
/** Widgets that take one Tab as a whole and are walked inside by arrows (WAI-ARIA APG). */
const COMPOSITE =
  '[role=menu],[role=tablist],[role=radiogroup],[role=listbox],[role=log],[role=tree],[role=toolbar],[role=grid],[role=list],fieldset,[popover]';

/** Keys only. */
export class Keyboard {
  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
  }

  /** @param {Locator} thing */
  async press(thing) {
    await this.reach(thing);
    await this.page.keyboard.press('Enter');
  }

  /** @param {Locator} field @param {string} text */
  async write(field, text) {
    await this.reach(field);
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.insertText(text);
  }

  /** @param {Locator} select @param {string} label */
  async choose(select, label) {
    await this.reach(select);
    const shown = () => select.evaluate((s) => /** @type {any} */ (s).selectedOptions[0]?.label.trim());
    await this.page.keyboard.press('Home');
    for (let i = 0; i < 60 && (await shown()) !== label; i += 1) await this.page.keyboard.press('ArrowDown');
    assert.equal(await shown(), label, 'the arrow keys reach the choice');
  }

  /** @param {Locator} box */
  async tick(box) {
    const isRadio = (await box.getAttribute('type')) === 'radio';
    if (isRadio) {
      await this.reach(box);
    } else if (!(await box.isChecked())) {
      await this.reach(box);
    }
    if (!(await box.isChecked())) await this.page.keyboard.press('Space');
    assert.ok(await box.isChecked(), 'Space ticks it');
  }

  /** Moves the focus there, with Tab and, inside a composite, with arrows. @param {Locator} thing */
  async reach(thing) {
    await thing.waitFor({ state: 'attached' });
    const here = () => thing.evaluate((element) => element.contains(document.activeElement)
      && (element === document.activeElement || element.matches('summary, [role=article]')));
    for (let i = 0; i < WITHIN; i += 1) {
      if (await here()) return this.#seen();
      if (await this.#beside(thing)) {
        for (const key of ['ArrowDown', 'ArrowRight', 'ArrowUp', 'ArrowLeft']) {
          for (let step = 0; step < 30 && (await this.#beside(thing)); step += 1) {
            await this.page.keyboard.press(key);
            if (await here()) return this.#seen();
          }
        }
      }
      await this.page.keyboard.press('Tab');
    }
    assert.fail(`the keyboard does not reach ${thing}`);
  }

  /** Whether the focus is inside the same composite as the thing. @param {Locator} thing */
  #beside(thing) {
    return thing.evaluate((element, composite) => {
      // What is a stop of its own for Tab is reached by Tab.
      const byArrows = /** @type {HTMLElement} */ (element).tabIndex < 0 || element.matches('[type=radio]');
      const whole = byArrows && element.closest(composite);
      const focused = document.activeElement;
      return !!whole && !!focused && whole.contains(focused) && focused !== element
        && !(focused.matches('input:not([type=radio]), textarea, select'));
    }, COMPOSITE);
  }

  /** What has the focus shows it (WCAG 2.4.7): something is drawn, by itself or by what stands for it. */
  async #seen() {
    const shown = await this.page.evaluate(() => {
      const focused = document.activeElement;
      if (!focused) return false;
      const near = [focused, focused.nextElementSibling, focused.parentElement, focused.closest('label')];
      return near.some((element) => {
        if (!element) return false;
        const style = getComputedStyle(element);
        return (style.outlineStyle !== 'none' && style.outlineWidth !== '0px') || style.boxShadow !== 'none';
      });
    });
    const what = await this.page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200));
    assert.ok(shown, `what has the focus shows that it has it: ${what}`);
  }
}
