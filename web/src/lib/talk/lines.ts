/** What happened to a room, in one sentence. */
import type { RoomEvent } from '$lib/live/wire';
import { m } from '$lib/paraglide/messages';
import { nameOf } from './names';

/** Empty: nothing worth a line. */
export function lineWords(event: RoomEvent): string {
	const name = nameOf(event.actor);
	switch (event.kind) {
		case 'room.created':
			return event.body.kind === 'direct' ? m.talk_line_created_direct() : m.talk_line_created({ name });
		case 'room.archived':
			return m.talk_line_archived({ name });
		case 'room.restored':
			return m.talk_line_restored({ name });
		case 'room.changed': {
			const { name: room, description, icon, history } = event.body;
			if (room !== undefined) return m.talk_line_renamed({ name, room });
			if (description !== undefined) return m.talk_line_described({ name });
			if (icon !== undefined) return m.talk_line_icon({ name });
			if (history === undefined) return '';
			return history === 'all' ? m.talk_line_history_all() : m.talk_line_history_from();
		}
		case 'room.member_added': {
			const member = nameOf(event.body.member);
			return event.actor === null || event.actor === event.body.member
				? m.talk_line_joined({ member })
				: m.talk_line_added({ member, name });
		}
		case 'room.member_removed': {
			const member = nameOf(event.body.member);
			return event.body.left || event.actor === null
				? m.talk_line_left({ member })
				: m.talk_line_removed({ member, name });
		}
		case 'room.manager_added':
			return m.talk_line_manager({ member: nameOf(event.body.member) });
		case 'room.manager_removed':
			return m.talk_line_manager_off({ member: nameOf(event.body.member) });
		default:
			return '';
	}
}
