// The panel beside the battlefield: score, plots, figures, the card of the followed character, connection state.
// Text from the feed goes into the page as text only, never as markup.

import { Chart, short } from "./charts.js";
import { FLAG_ALIVE } from "./frames.js";
import { teamColor } from "./field.js";

const STATES = {
  connecting: ["Connecting", "Connecting to the server."],
  live: ["Live", "Live."],
  silent: ["Silent", "The server is connected but has sent nothing for some seconds."],
  away: ["Server away", "The server has gone away. The page connects again by itself as soon as it is back."],
};

const CHARTS = [
  {
    key: "tick", title: "Tick time", unit: "ms", scale: "log", low: 0.05,
    help: "How long the server works on one step of the battle: from reading the players' inputs to handing over the last snapshot. It has to stay under the budget, or the battle slows down. p50: half of the steps are faster; p99: 99 of 100 are. The scale is logarithmic.",
    series: [
      { label: "p50", color: "plot-a", fill: true }, { label: "p99", color: "plot-b" },
      { label: "max", color: "plot-c", dash: [3, 3] },
    ],
    values: (stats) => [stats.tickP50, stats.tickP99, stats.tickMax],
  },
  {
    key: "bytes", title: "Traffic per client", unit: "KB/s", scale: "linear",
    help: "What one client receives (down) and sends (up) in a second, mean of all: everything on the wire, with 28 bytes of UDP and IP header for each packet. 1 KB is 1,000 bytes.",
    series: [{ label: "down", color: "plot-a", fill: true }, { label: "up", color: "plot-b" }],
    values: (stats) => [stats.downBytes, stats.upBytes].map((bytes) => (bytes === null ? null : bytes / 1000)),
  },
  {
    key: "clients", title: "Clients", unit: "connected", scale: "linear",
    help: "Clients connected to the server now. In the demo each is a bot with a real UDP connection of its own.",
    series: [{ label: "", color: "plot-a", fill: true }],
    values: (stats) => [stats.clients],
  },
  {
    key: "age", title: "Snapshot age", unit: "ms", scale: "linear",
    help: "How old the newest known state of the battle is at a client: time on the way, and time since the last snapshot.",
    series: [{ label: "", color: "plot-a", fill: true }],
    values: (stats) => [stats.snapshotAgeMs],
  },
  {
    key: "corrections", title: "Corrections per client", unit: "per second", scale: "linear", high: 0.1, times: true,
    help: "How often in a second a client had to correct the place it had predicted for its own character. Pushing through a crowd causes some; without contact there should be none.",
    series: [{ label: "", color: "plot-c", fill: true }],
    values: (stats) => [stats.corrections],
  },
];

const FIGURES = [
  ["Running for", "Time since the server started.", (s) => duration(s.uptimeS)],
  ["Tick", "Number of the step the battle has reached.", (s) => whole(s.tick)],
  ["Late ticks", "Steps that ended more than one period after they were due, since the server has warmed up.", (s) => whole(s.ticksLate)],
  ["Packets left out", "Snapshots that were due and not made lately, because their step had no time for them. Their clients come first the next time.", (s) => share(s.skippedShare)],
  ["In sight, mean", "How many others one client is told about, mean of all clients.", (s) => short(s.visibleMean)],
  ["In flight", "Arrows, bolts, axes, grenades and rockets in the air now.", (s) => whole(s.projectiles)],
  ["Blocked", "Hits that a shield held off, since the start.", (s) => whole(s.blocks)],
  ["Sections fallen", "Stretches of wall, gates, towers and barricades that were brought down, since the start.", (s) => whole(s.sectionsFallen)],
  ["Captures", "How often a place went to another team, since the start.", (s) => whole(s.captures)],
  ["CPU per client", "Processor time the server spends on one client in a second.", (s) => withUnit(s.cpuUs, "µs/s")],
];

function whole(value) {
  return value === null ? "–" : Math.round(value).toLocaleString("en");
}

function withUnit(value, unit) {
  return value === null ? "–" : `${short(value)} ${unit}`;
}

function share(value) {
  return value === null ? "–" : `${(value * 100).toFixed(value > 0 && value < 0.1 ? 1 : 0)} %`;
}

function duration(seconds) {
  if (seconds === null) return "–";
  const s = Math.floor(seconds);
  const two = (value) => String(value).padStart(2, "0");
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

function make(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export class Panel {
  constructor() {
    this.at = (id) => document.getElementById(id);
    this.teams = [];
    this.followed = null;
    this.shared = {
      agoS: null,
      point: (agoS) => {
        this.shared.agoS = agoS;
        this.at("plots").dataset.ago = agoS === null ? "" : `${agoS.toFixed(0)} s ago`;
        for (const chart of this.charts) chart.draw();
      },
    };
    this.charts = CHARTS.map((spec) => new Chart(spec, this.at("plots"), this.shared));
    this.figures = FIGURES.map(([name, help]) => {
      const term = make("button", "term", name);
      term.type = "button";
      term.dataset.help = help;
      const row = make("div", "figure");
      const value = make("dd", "", "–");
      const dt = make("dt");
      dt.append(term);
      row.append(dt, value);
      this.at("figures").append(row);
      return value;
    });
  }

  setState(name) {
    const [word, sentence] = STATES[name];
    this.at("state").dataset.state = name;
    this.at("state-word").textContent = word;
    this.at("banner").hidden = name === "live" || name === "connecting";
    this.at("banner-text").textContent = sentence;
    this.say(sentence);
  }

  // Tells screen readers.
  say(text) {
    this.at("spoken").textContent = text;
  }

  setHello(hello) {
    this.hello = hello;
    this.at("version").textContent = hello.version ? `version ${hello.version}` : "";
    this.at("teams").replaceChildren();
    this.at("share").replaceChildren();
    this.teams = hello.teams.map((team, index) => {
      const color = teamColor(team, index);
      const card = make("div", "team");
      card.style.setProperty("--team", color);
      const score = make("b", "team-score", "0");
      const points = make("span", "team-points", "0 points");
      const standing = make("span", "team-standing", "");
      card.append(make("span", "team-name", team.name), score, points, standing);
      this.at("teams").append(card);
      const share = make("i");
      share.style.background = color;
      this.at("share").append(share);
      return { name: team.name, color, score, points, standing, share };
    });
  }

  setStats(stats) {
    const second = stats.uptimeS ?? performance.now() / 1000;
    this.charts.forEach((chart, i) => {
      chart.add(second, CHARTS[i].values(stats), CHARTS[i].key === "tick" ? stats.budgetMs : null);
    });
    FIGURES.forEach(([, , text], i) => { this.figures[i].textContent = text(stats); });
    const total = stats.score.reduce((a, b) => a + Math.max(b, 0), 0);
    this.teams.forEach((team, i) => {
      const kills = stats.score[i] ?? 0;
      const points = stats.points[i] ?? 0;
      team.score.textContent = whole(kills);
      team.points.textContent = points === 1 ? "1 point" : `${whole(points)} points`;
      team.share.style.flexGrow = String(total > 0 ? Math.max(kills, 0) / total : 1);
    });
    this.at("kills").textContent = whole(stats.kills);
    if (this.followed !== null && stats.follow?.slot === this.followed) this.setFollow(stats.follow);
  }

  // How many of each team stand, from the frame on the screen.
  setStanding(characters) {
    const all = new Uint32Array(this.teams.length);
    const up = new Uint32Array(this.teams.length);
    for (let i = 0; i < characters.slot.length; i += 1) {
      all[characters.team[i]] += 1;
      if (characters.flags[i] & FLAG_ALIVE) up[characters.team[i]] += 1;
    }
    this.teams.forEach((team, i) => { team.standing.textContent = `${up[i]} of ${all[i]} standing`; });
  }

  // Opens the card before the server has said anything about the character, or closes it with null.
  openCard(slot, teamIndex) {
    this.followed = slot;
    this.at("card").hidden = slot === null;
    this.at("legend-visible").hidden = slot === null;
    this.at("legend-click").hidden = slot !== null;
    if (slot === null) {
      this.say("Following ended.");
      return;
    }
    const team = this.teams[teamIndex];
    this.at("card-name").textContent = `Character ${slot}`;
    this.at("card-team").textContent = team?.name ?? "";
    this.at("card").style.setProperty("--team", team?.color ?? "#888");
    for (const id of ["kills", "deaths", "rtt", "down", "up", "sees"]) this.at(`card-${id}`).textContent = "–";
    this.setEffects([]);
    this.setHealth(null);
    this.say(`Following character ${slot}, ${team?.name ?? ""}.`);
  }

  setHealth(part) {
    const shown = part === null ? 0 : Math.round(part * 100);
    this.at("card-health-bar").style.inlineSize = `${shown}%`;
    this.at("card-health").textContent = part === null ? "–" : part <= 0 ? "fallen" : `${Math.max(shown, 1)} %`;
  }

  setFollow(follow) {
    this.at("card-name").textContent = follow.name;
    this.at("card-kills").textContent = whole(follow.kills);
    this.at("card-deaths").textContent = whole(follow.deaths);
    this.at("card-rtt").textContent = withUnit(follow.rttMs, "ms");
    const kilobytes = (bytes) => withUnit(bytes === null ? null : bytes / 1000, "KB/s");
    this.at("card-down").textContent = kilobytes(follow.downBytes);
    this.at("card-up").textContent = kilobytes(follow.upBytes);
    this.at("card-sees").textContent = whole(follow.visible.length);
    this.setEffects(follow.effects);
  }

  // What is on the followed character now: stunned, poisoned, inspired and so on.
  setEffects(effects) {
    this.at("card-effects").replaceChildren(...effects.map((name) => make("li", "", name)));
    this.at("card-effects").hidden = effects.length === 0;
  }

  redraw() {
    for (const chart of this.charts) chart.draw();
  }
}
