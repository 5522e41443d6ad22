import com.alibaba.fastjson.JSONObject;
import com.alibaba.nls.client.protocol.InputFormatEnum;
import com.alibaba.nls.client.protocol.NlsClient;
import com.alibaba.nls.client.protocol.SampleRateEnum;
import com.alibaba.nls.client.protocol.asr.SpeechRecognizer;
import com.alibaba.nls.client.protocol.asr.SpeechRecognizerListener;
import com.alibaba.nls.client.protocol.asr.SpeechRecognizerResponse;
import java.io.FileInputStream;
import java.io.InputStream;

/** SpeechRecognizer: hears one sentence. */
final class Recognizer extends SpeechRecognizerListener {
  public static void main(String[] words) {
    Events.run(words, Recognizer::drive);
  }

  private static void drive(JSONObject given, NlsClient client) throws Exception {
    SpeechRecognizer recognizer = new SpeechRecognizer(client, new Recognizer());
    recognizer.setAppKey(given.getString("appkey"));
    recognizer.setFormat(InputFormatEnum.PCM);
    recognizer.setSampleRate(SampleRateEnum.SAMPLE_RATE_16K);
    recognizer.setEnableIntermediateResult(true);
    recognizer.start();
    try (InputStream audio = new FileInputStream(given.getString("audio"))) {
      recognizer.send(audio, 3200, 5);
    }
    recognizer.stop();
    Events.tell("stopped");
    recognizer.close();
  }

  private static void told(String event, SpeechRecognizerResponse response) {
    Events.told(event, response, response.getRecognizedText(), response.getConfidence());
  }

  @Override
  public void onStarted(SpeechRecognizerResponse response) {
    told("start", response);
  }

  @Override
  public void onRecognitionResultChanged(SpeechRecognizerResponse response) {
    told("changed", response);
  }

  @Override
  public void onRecognitionCompleted(SpeechRecognizerResponse response) {
    told("completed", response);
  }

  @Override
  public void onFail(SpeechRecognizerResponse response) {
    told("error", response);
  }
}
