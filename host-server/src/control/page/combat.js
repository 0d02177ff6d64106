// The combat feed: the last kills in a corner, who with what whom. Text of the feed goes into the page as text only.

import { NOBODY } from "./frames.js";

const SHOWN = 8;
const REDRAW_MS = 250;

export class Combat {
  constructor(list) {
    this.list = list;
    this.clear();
  }

  clear() {
    this.kills = [];
    this.dirty = true;
    this.drawnAt = -1e9;
  }

  // Takes over the deaths of a frame that the playhead has just passed.
  enter({ deaths }) {
    const from = Math.max(deaths.victim.length - SHOWN, 0);
    for (let i = from; i < deaths.victim.length; i += 1) {
      this.kills.push({
        killer: deaths.killer[i], killerTeam: deaths.killerTeam[i], victim: deaths.victim[i], team: deaths.team[i],
        arm: deaths.arm[i],
      });
      this.dirty = true;
    }
    if (this.kills.length > SHOWN) this.kills.splice(0, this.kills.length - SHOWN);
  }

  // A few times a second at most: `teams` have name and color, `nameOf` tells a slot's name or null.
  draw(nowMs, teams, arms, nameOf) {
    if (!this.dirty || nowMs - this.drawnAt < REDRAW_MS) return;
    this.dirty = false;
    this.drawnAt = nowMs;
    this.list.hidden = this.kills.length === 0;
    this.list.replaceChildren(...this.kills.map((kill) => this.row(kill, teams, arms, nameOf)));
  }

  row(kill, teams, arms, nameOf) {
    const item = document.createElement("li");
    const who = (slot, team) => {
      const made = document.createElement("b");
      made.textContent = team === NOBODY ? "somebody" : nameOf(slot) ?? `${teams[team]?.name ?? ""} ${slot}`;
      if (teams[team]) made.style.setProperty("--team", teams[team].color);
      return made;
    };
    const weapon = document.createElement("span");
    weapon.textContent = arms[kill.arm - 1]?.name ?? "killed";
    const alone = kill.killer === kill.victim;
    // Spaces between the words are for those who hear the page.
    item.append(...(alone ? [] : [who(kill.killer, kill.killerTeam), " "]), weapon, " ", who(kill.victim, kill.team));
    return item;
  }
}
