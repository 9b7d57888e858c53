package io.ringwave.http.metrics;

import io.prometheus.client.Collector;
import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.Collector.MetricFamilySamples.Sample;
import io.prometheus.client.Collector.Type;
import io.prometheus.client.CounterMetricFamily;
import io.prometheus.client.GaugeMetricFamily;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/**
 * The families of one scrape, in the order in which they are shown. A name is given without its ending: counters get
 * {@code _total}, infos {@code _info}. Values by loop have the label {@code loop}, the index in the list. Confined to one
 * thread.
 */
final class Families {
    private static final String LOOP = "loop";

    private final List<MetricFamilySamples> families = new ArrayList<>();

    List<MetricFamilySamples> list() {
        return families;
    }

    void counter(String name, String help, long value) {
        families.add(new CounterMetricFamily(name, help, value));
    }

    void gauge(String name, String help, long value) {
        families.add(new GaugeMetricFamily(name, help, value));
    }

    <T> void counters(String name, String help, List<T> loops, ToLongFunction<T> value) {
        CounterMetricFamily family = new CounterMetricFamily(name, help, List.of(LOOP));
        for (int loop = 0; loop < loops.size(); loop++) {
            family.addMetric(List.of(Integer.toString(loop)), value.applyAsLong(loops.get(loop)));
        }
        families.add(family);
    }

    <T> void gauges(String name, String help, List<T> loops, ToLongFunction<T> value) {
        GaugeMetricFamily family = new GaugeMetricFamily(name, help, List.of(LOOP));
        for (int loop = 0; loop < loops.size(); loop++) {
            family.addMetric(List.of(Integer.toString(loop)), value.applyAsLong(loops.get(loop)));
        }
        families.add(family);
    }

    /** One of the parts that {@link #split} shows side by side. */
    record Part<T>(String label, ToLongFunction<T> value) {}

    /** Counters that tell a whole apart: by loop, and by the part's label. */
    <T> void split(String name, String help, String label, List<T> loops, List<Part<T>> parts) {
        CounterMetricFamily family = new CounterMetricFamily(name, help, List.of(LOOP, label));
        for (int loop = 0; loop < loops.size(); loop++) {
            for (Part<T> part : parts) {
                family.addMetric(List.of(Integer.toString(loop), part.label()),
                        part.value().applyAsLong(loops.get(loop)));
            }
        }
        families.add(family);
    }

    /** Histograms by loop; see below. */
    <T> void histograms(String name, String help, List<T> loops, List<Double> bounds, Function<T, List<Long>> counts,
            ToDoubleFunction<T> sum) {
        List<Integer> indices = IntStream.range(0, loops.size()).boxed().toList();
        histograms(name, help, LOOP, indices, Object::toString, bounds, loop -> counts.apply(loops.get(loop)),
                loop -> sum.applyAsDouble(loops.get(loop)));
    }

    /**
     * Histograms, one for each of some things.
     *
     * @param label the name of the label that tells them apart, {@code value} what it says
     * @param bounds the upper bounds of all buckets but the last, inclusive
     * @param counts how many values are in each bucket, the last included
     */
    <T> void histograms(String name, String help, String label, List<T> things, Function<T, String> value,
            List<Double> bounds, Function<T, List<Long>> counts, ToDoubleFunction<T> sum) {
        List<Sample> samples = new ArrayList<>();
        for (T thing : things) {
            addHistogram(samples, name, List.of(label), List.of(value.apply(thing)), bounds, counts.apply(thing),
                    sum.applyAsDouble(thing));
        }
        families.add(new MetricFamilySamples(name, Type.HISTOGRAM, help, samples));
    }

    private static void addHistogram(List<Sample> samples, String name, List<String> labels, List<String> values,
            List<Double> bounds, List<Long> counts, double sum) {
        List<String> bucketLabels = with(labels, "le");
        long below = 0;
        for (int bucket = 0; bucket < counts.size(); bucket++) {
            below += counts.get(bucket);
            String bound = Collector.doubleToGoString(
                    bucket < bounds.size() ? bounds.get(bucket) : Double.POSITIVE_INFINITY);
            samples.add(new Sample(name + "_bucket", bucketLabels, with(values, bound), below));
        }
        samples.add(new Sample(name + "_count", labels, values, below));
        samples.add(new Sample(name + "_sum", labels, values, sum));
    }

    private static List<String> with(List<String> some, String another) {
        List<String> all = new ArrayList<>(some);
        all.add(another);
        return all;
    }

    /** What is known of something, as labels of samples that are always 1; no family where there is nothing. */
    void info(String name, String help, List<String> labels, List<List<String>> things) {
        if (!things.isEmpty()) {
            families.add(new MetricFamilySamples(name, Type.INFO, help,
                    things.stream().map(values -> new Sample(name + "_info", labels, values, 1)).toList()));
        }
    }
}
