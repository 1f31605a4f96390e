/** What one can answer without words. The stored form is the Japanese word or the emoji itself. */
import { m } from '$lib/paraglide/messages';

/** 確認: a seal, pressed by a person. */
export const SEAL = '確認';

/** Words first: they say more than a face. */
export const WORDS = [SEAL, '了解', 'ありがとう'] as const;

export const EMOJI = ['👍', '🙏', '🙇', '👏', '🎉', '😊', '😂', '😮', '😢', '👀', '💡', '❤️'] as const;

/** A reaction in the reader's language. */
export function reactionWords(reaction: string): string {
	switch (reaction) {
		case SEAL:
			return m.talk_reaction_seal();
		case '了解':
			return m.talk_reaction_roger();
		case 'ありがとう':
			return m.talk_reaction_thanks();
		default:
			return reaction;
	}
}
