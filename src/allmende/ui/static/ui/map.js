// The interactive map: put in place of the drawing where a base map is configured and scripts run.
import * as maplibre from "../vendor/maplibre-gl.mjs";

const FILLS = [
  ["earth", "#f5f3ec"], ["landcover", "#eef0e2"], ["landuse", "#e9ecdc"], ["park", "#dfead0"],
  ["natural", "#e2ead6"], ["water", "#cfe6f5"], ["buildings", "#e0d8cc"], ["building", "#e0d8cc"],
];
const LINES = [
  ["waterway", "#a9d0ea", 1], ["transit", "#bbb4a8", 1], ["roads", "#ffffff", 2], ["transportation", "#ffffff", 2],
  ["boundaries", "#8a5a8a", 1], ["boundary", "#8a5a8a", 1],
];

/** Layers for those source layers that the tiles have (Protomaps and OpenMapTiles names). */
function vectorLayers(names) {
  const known = new Set(names);
  const fills = FILLS.filter(([name]) => known.has(name)).map(([name, colour]) => ({
    id: name, type: "fill", source: "base", "source-layer": name, filter: ["==", ["geometry-type"], "Polygon"],
    paint: { "fill-color": colour },
  }));
  const lines = LINES.filter(([name]) => known.has(name)).map(([name, colour, width]) => ({
    id: `${name}-line`, type: "line", source: "base", "source-layer": name,
    paint: { "line-color": colour, "line-width": width },
  }));
  return [...fills, ...lines];
}

async function fromFile(address) {
  const { PMTiles, Protocol, TileType } = window.pmtiles;
  const archive = new PMTiles(address);
  const protocol = new Protocol();
  protocol.add(archive);
  maplibre.addProtocol("pmtiles", protocol.tile);
  const [header, about] = [await archive.getHeader(), await archive.getMetadata()];
  const source = { url: `pmtiles://${address}`, attribution: about.attribution ?? "" };
  if (header.tileType === TileType.Mvt) {
    const names = (about.vector_layers ?? []).map((layer) => layer.id);
    return { source: { type: "vector", ...source }, layers: vectorLayers(names) };
  }
  return { source: { type: "raster", tileSize: 256, ...source }, layers: [{ id: "base", type: "raster", source: "base" }] };
}

function fromService(address) {
  const source = { type: "raster", tileSize: 256, tiles: [address] };
  return { source, layers: [{ id: "base", type: "raster", source: "base" }] };
}

function marker(station) {
  const link = document.createElement("a");
  link.href = station.address;
  link.className = station.approximate ? "pin approximate" : "pin";
  link.textContent = station.label;
  return new maplibre.Marker({ element: link, anchor: "left" }).setLngLat([station.longitude, station.latitude]);
}

async function start(box) {
  const stations = JSON.parse(document.getElementById("stations").textContent);
  const address = new URL(box.dataset.address, location.href).href.replaceAll("%7B", "{").replaceAll("%7D", "}");
  const base = box.dataset.kind === "file" ? await fromFile(address) : fromService(address);
  const background = { id: "ground", type: "background", paint: { "background-color": "#f5f3ec" } };
  const style = { version: 8, sources: { base: base.source }, layers: [background, ...base.layers] };
  box.hidden = false;
  const map = new maplibre.Map({ container: box, style, bounds: JSON.parse(box.dataset.bounds), cooperativeGestures: true });
  map.addControl(new maplibre.NavigationControl({ showCompass: false }));
  for (const station of stations) marker(station).addTo(map);
  map.once("load", () => {
    document.getElementById("drawing").hidden = true;
    box.dataset.ready = "true";
  });
}

const box = document.getElementById("interactive-map");
if (box) start(box).catch((fault) => { box.hidden = true; console.warn("interactive map:", fault); });
