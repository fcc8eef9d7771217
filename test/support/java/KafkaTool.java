import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What tests ask of the brokers' own client; run as source, with the jars of the brokers.
 *
 * <pre>
 *   read BROKERS TOPIC ISOLATION    each record, to the end: partition offset timestamp key value (name value)*
 *   write BROKERS                   commands of standard input, one a line:
 *     send PRODUCER CODEC TOPIC PARTITION key value (name value)*    PRODUCER "-" has no transactions
 *     begin PRODUCER CODEC | flush PRODUCER | commit PRODUCER | abort PRODUCER
 * </pre>
 *
 * A producer packs with the codec that it comes up with first, "-" with that of each record.
 * Fields are parted by spaces; keys, values and names are base64 of UTF-8 or bytes after a "=", or "-" for null.
 */
public final class KafkaTool {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final long DEADLINE_MS = 120_000;

  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "read" -> read(args[1], args[2], args[3]);
      case "write" -> write(args[1]);
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static void read(String brokers, String topic, String isolation) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("bootstrap.servers", brokers);
    settings.put("isolation.level", isolation);
    settings.put("enable.auto.commit", false);
    settings.put("auto.offset.reset", "none");
    settings.put("allow.auto.create.topics", false);
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (PartitionInfo info : consumer.partitionsFor(topic)) partitions.add(new TopicPartition(topic, info.partition()));
      if (partitions.isEmpty()) throw new IllegalArgumentException("there is no topic " + topic);
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      long deadline = System.currentTimeMillis() + DEADLINE_MS;
      while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
        if (System.currentTimeMillis() > deadline) throw new IllegalStateException("the end was not reached: " + ends);
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) print(out, record);
      }
    }
    out.flush();
  }

  private static void print(PrintStream out, ConsumerRecord<byte[], byte[]> record) {
    StringBuilder line = new StringBuilder();
    line.append(record.partition()).append(' ').append(record.offset()).append(' ').append(record.timestamp());
    line.append(' ').append(encoded(record.key())).append(' ').append(encoded(record.value()));
    for (Header header : record.headers()) {
      line.append(' ').append(encoded(header.key().getBytes(StandardCharsets.UTF_8)));
      line.append(' ').append(encoded(header.value()));
    }
    out.print(line.append('\n'));
  }

  private static void write(String brokers) throws Exception {
    Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();
    AtomicReference<Exception> refusal = new AtomicReference<>();
    try (var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] words = line.split(" ");
        String codec = words.length > 2 ? words[2] : "none";
        String name = words[1].equals("-") ? "-" + codec : words[1];
        var producer = producers.computeIfAbsent(name, of -> producer(brokers, of, codec));
        switch (words[0]) {
          case "send" -> producer.send(record(words), (sent, error) -> {
            // Of an aborted transaction, what had not left yet never does.
            if (error != null && !(error instanceof TransactionAbortedException)) refusal.compareAndSet(null, error);
          });
          case "begin" -> producer.beginTransaction();
          case "flush" -> producer.flush();
          case "commit" -> producer.commitTransaction();
          case "abort" -> producer.abortTransaction();
          default -> throw new IllegalArgumentException(line);
        }
      }
    }
    for (var producer : producers.values()) producer.close();
    if (refusal.get() != null) throw refusal.get();
  }

  private static KafkaProducer<byte[], byte[]> producer(String brokers, String name, String codec) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("bootstrap.servers", brokers);
    settings.put("compression.type", codec);
    settings.put("max.request.size", 800_000_000);
    settings.put("buffer.memory", 900_000_000L);
    settings.put("linger.ms", 20);
    boolean isTransactional = !name.startsWith("-");
    if (isTransactional) settings.put("transactional.id", name);
    var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    if (isTransactional) producer.initTransactions();
    return producer;
  }

  private static ProducerRecord<byte[], byte[]> record(String[] words) {
    var record = new ProducerRecord<>(words[3], Integer.valueOf(words[4]), decoded(words[5]), decoded(words[6]));
    for (int i = 7; i < words.length; i += 2) {
      record.headers().add(new String(decoded(words[i]), StandardCharsets.UTF_8), decoded(words[i + 1]));
    }
    return record;
  }

  private static String encoded(byte[] bytes) {
    return bytes == null ? "-" : "=" + Base64.getEncoder().encodeToString(bytes);
  }

  private static byte[] decoded(String word) {
    return word.equals("-") ? null : Base64.getDecoder().decode(word.substring(1));
  }
}
