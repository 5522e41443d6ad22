import com.alibaba.fastjson.JSONObject;
import com.alibaba.nls.client.protocol.NlsClient;
import com.alibaba.nls.client.protocol.OutputFormatEnum;
import com.alibaba.nls.client.protocol.SampleRateEnum;
import com.alibaba.nls.client.protocol.tts.SpeechSynthesizer;
import com.alibaba.nls.client.protocol.tts.SpeechSynthesizerListener;
import com.alibaba.nls.client.protocol.tts.SpeechSynthesizerResponse;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** SpeechSynthesizer: speaks a text, short or long. */
final class Synthesizer extends SpeechSynthesizerListener {
  private final OutputStream output;

  private Synthesizer(OutputStream output) {
    this.output = output;
  }

  public static void main(String[] words) {
    Events.run(words, Synthesizer::drive);
  }

  private static void drive(JSONObject given, NlsClient client) throws Exception {
    try (OutputStream output = Events.output(given)) {
      SpeechSynthesizer synthesizer = new SpeechSynthesizer(client, new Synthesizer(output));
      synthesizer.setAppKey(given.getString("appkey"));
      synthesizer.setVoice(given.getString("voice"));
      synthesizer.setFormat(OutputFormatEnum.WAV);
      synthesizer.setSampleRate(SampleRateEnum.SAMPLE_RATE_16K);
      if (given.getBooleanValue("long")) synthesizer.setLongText(given.getString("text"));
      else synthesizer.setText(given.getString("text"));
      synthesizer.start();
      synthesizer.waitForComplete();
      Events.tell("stopped");
      synthesizer.close();
    }
  }

  @Override
  public void onMessage(ByteBuffer audio) {
    Events.keep(output, audio);
  }

  @Override
  public void onMetaInfo(SpeechSynthesizerResponse response) {
    Events.told("metainfo", response);
  }

  @Override
  public void onComplete(SpeechSynthesizerResponse response) {
    Events.told("completed", response);
  }

  @Override
  public void onFail(SpeechSynthesizerResponse response) {
    Events.told("error", response);
  }
}
