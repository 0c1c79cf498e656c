// The report's charts begin here: each takes the place of the picture that stands for it.
import { HistoryChart } from "./history.js";
import { LossesChart } from "./losses.js";
import { SpeedsChart } from "./speeds.js";

const CHARTS = { history: HistoryChart, speeds: SpeedsChart, losses: LossesChart };

function begin() {
  const content = JSON.parse(document.getElementById("series").textContent);
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    const place = figure.querySelector(".live");
    try {
      figure.classList.add("alive"); // a chart is as wide as its place, which must be seen
      new CHARTS[figure.dataset.chart](place, content[figure.dataset.chart]);
    } catch (error) {
      figure.classList.remove("alive"); // the picture stays
      console.error(error);
    }
  }
  document.documentElement.dataset.charts = "yes";
}

begin();
