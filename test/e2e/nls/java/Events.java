import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.JSONObject;
import com.alibaba.nls.client.protocol.NlsClient;
import com.alibaba.nls.client.protocol.SpeechResProtocol;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

/**
 * What the programs here have in common: each drives one class of Alibaba's SDK as its examples do
 * and prints, one JSON object a line, what that calls back.
 */
final class Events {
  private Events() {}

  /** What is done with a client and the first argument, a JSON object. */
  interface Program {
    void run(JSONObject given, NlsClient client) throws Exception;
  }

  /** Runs a program and ends the process: the SDK's threads would keep it alive for seconds. */
  static void run(String[] words, Program program) {
    JSONObject given = JSON.parseObject(words[0]);
    int code = 0;
    try {
      program.run(given, new NlsClient(given.getString("url"), given.getString("token")));
    } catch (Throwable error) {
      error.printStackTrace();
      code = 1;
    }
    System.exit(code);
  }

  static void tell(String event) {
    print(new JSONObject().fluentPut("event", event));
  }

  /** Prints a message, and what the SDK reads from it: there a wrong type would throw. */
  static void told(String event, SpeechResProtocol response, Object... read) {
    JSONObject message = new JSONObject();
    message.put("header", response.header);
    message.put("payload", response.payload);
    response.getStatus();
    response.getStatusText();
    print(
        new JSONObject()
            .fluentPut("event", event)
            .fluentPut("message", message)
            .fluentPut("read", read));
  }

  /** Keeps audio, and prints how much of it came at a time. */
  static void keep(OutputStream file, ByteBuffer audio) {
    byte[] bytes = new byte[audio.remaining()];
    audio.get(bytes);
    try {
      file.write(bytes);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
    print(new JSONObject().fluentPut("event", "data").fluentPut("bytes", bytes.length));
  }

  static OutputStream output(JSONObject given) throws IOException {
    return new FileOutputStream(given.getString("output"));
  }

  private static synchronized void print(JSONObject line) {
    System.out.println(line.toJSONString());
  }
}
