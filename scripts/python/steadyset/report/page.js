"use strict";
{
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const table = (rows) => {
    const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    return [names, ...rows.map((row) => names.map((name) => row[name]))]
      .map((row) => row.map(cell).join(",") + "\n").join("");
  };
  const save = (name, text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = `${name}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  for (const figure of document.querySelectorAll("figure.chart")) {
    const spec = JSON.parse(figure.querySelector("script").textContent);
    const plot = figure.querySelector(".plot");
    const button = figure.querySelector(".save");
    button.hidden = false;
    button.addEventListener("click", () => save(plot.dataset.name, table(spec.data.values)));
    window.draw(plot, spec, { actions: false, renderer: "svg", ast: true, tooltip: { theme: "custom" } })
      .catch((error) => { plot.textContent = `This chart cannot be drawn: ${error.message}`; });
  }
}
